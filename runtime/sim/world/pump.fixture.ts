/**
 * Pump: runs a simulated world by itself, for suites that know nothing of virtual time.
 */

import type { World } from './world';

/** Real code may be waiting for a turn of the event loop while virtual time never comes to an end. */
const SETTLINGS_PER_TURN = 100;

/** Runs whatever is scheduled until it is stopped; rejects nothing: what an event throws fails the process loudly. */
export function pump(world: World): () => Promise<void> {
  let open = true;
  let settlings = 0;
  const stop = (): boolean => !open || (settlings += 1) % SETTLINGS_PER_TURN === 0;
  const running = (async () => {
    while (open) {
      await world.run({ stop });
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  return () => {
    open = false;
    return running;
  };
}
