/**
 * Simulated caller: a client process with a real client.
 *
 * Owns: its process, its pauses. Does not own: what it asks (`workload`), the way to a host (the site's transport).
 *
 * Callers wait for the faults: while a run is ahead with its operations and behind with its epochs, pauses are longer.
 */

import { createClient } from '../client/client';
import { disturbNetwork, disturbProcess } from './disturbance';
import type { FaultDial } from './fault-profile';
import type { Range } from './random';
import { SimClock } from './sim-clock';
import { simEntropy } from './sim-entropy';
import { SimProcess } from './sim-process';
import type { Site } from './site';
import type { Caller } from './workload';

export interface CallerOptions {
  readonly name: string;
  readonly site: Site;
  readonly dial: FaultDial;
  readonly pace: number;
  readonly patienceMs: number;
  /** True while callers are to wait. */
  readonly ahead: () => boolean;
}

export interface SimCaller extends Caller {
  readonly process: SimProcess;
}

const AHEAD_MS: Range = [200, 2_000];

export function callerOf({ name, site, dial, pace, patienceMs, ahead }: CallerOptions): SimCaller {
  const { network } = site;
  const process = new SimProcess(network.world, name);
  const clock = new SimClock(process);
  disturbProcess(process, clock, dial);
  disturbNetwork(name, network, dial);
  const draw = network.world.random.stream(`caller.${name}`);
  const wait = (range: Range, stretch: number): Promise<void> =>
    new Promise((resolve) => clock.after(draw.between(range) * stretch, resolve));
  const pause = async (range: Range): Promise<void> => {
    await wait(range, pace);
    while (ahead()) await wait(AHEAD_MS, 1);
  };
  const transport = site.transportOf({ process, clock });
  const client = createClient({ transport, clock, entropy: simEntropy(process) });
  return { name, process, client, clock, draw, patienceMs, pause };
}
