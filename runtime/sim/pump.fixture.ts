/**
 * Pump: runs a simulated world by itself, for suites that know nothing of virtual time.
 */

import type { World } from './world';

/** Runs whatever is scheduled until it is stopped; rejects nothing: what an event throws fails the process loudly. */
export function pump(world: World): () => Promise<void> {
  let open = true;
  const running = (async () => {
    while (open) {
      await world.run({ stop: () => !open });
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  return () => {
    open = false;
    return running;
  };
}
