/**
 * Simulated caller: a client process with a real client.
 *
 * Owns: its process, its pauses. Does not own: what it asks (`workload`), the way to a host (the site's transport).
 *
 * Callers wait for the faults: while a run is ahead with its operations and behind with its epochs, pauses are longer.
 */

import { createClient } from '../../client/client';
import { disturbNetwork, disturbProcess } from '../faults/disturbance';
import type { FaultDial } from '../faults/fault-profile';
import type { Life } from '../world/machine';
import type { Range } from '../world/random';
import { SimClock } from '../world/sim-clock';
import { simEntropy } from '../world/sim-entropy';
import { SimProcess } from '../world/sim-process';
import type { Site } from '../sites/site';
import type { Witness } from '../network/witness';
import type { Caller } from './workload';

export interface CallerOptions {
  readonly name: string;
  readonly site: Site;
  readonly dial: FaultDial;
  readonly witness: Witness;
  readonly pace: number;
  readonly patienceMs: number;
  /** True while callers are to wait. */
  readonly ahead: () => boolean;
}

export interface SimCaller extends Caller {
  readonly process: SimProcess;
  readonly clock: SimClock;
}

const AHEAD_MS: Range = [200, 2_000];
/** How long an attempt of an activity waits for an answer. */
const ACTIVITY_PATIENCE_MS = 10_000;

export function callerOf({ name, site, dial, witness, pace, patienceMs, ahead }: CallerOptions): SimCaller {
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
  const transport = witness.watch(name, site.transportOf({ process, clock }));
  const client = createClient({ transport, clock, entropy: simEntropy(process) });
  return { name, process, client, clock, draw, patienceMs, pause };
}

/** A host as its own activities see it: a client in the host's process, which dies with it. */
export function hostCaller(site: Pick<Site, 'transportOf' | 'network'>, life: Pick<Life, 'process' | 'clock'>): Caller {
  const { process, clock } = life;
  const draw = site.network.world.random.stream(`activities.${process.name}`);
  const client = createClient({ transport: site.transportOf(life), clock, entropy: simEntropy(process) });
  const pause = (range: Range): Promise<void> => new Promise((resolve) => clock.after(draw.between(range), resolve));
  return { name: process.name, client, clock, draw, patienceMs: ACTIVITY_PATIENCE_MS, pause };
}
