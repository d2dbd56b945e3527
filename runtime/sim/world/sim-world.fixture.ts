/**
 * Simulated world fixture: a world with a shared store, in one expression.
 */

import type { ClusterStore } from '../../ports/cluster-store';
import type { FaultProfile } from '../faults/fault-profile';
import { FaultDial, PROFILES } from '../faults/fault-profile';
import { SimProcess } from './sim-process';
import { SimStore } from '../store/sim-store';
import type { StoreCluster } from '../store/store-cluster';
import { storeCluster } from '../store/store-cluster';
import type { WorldOptions } from './world';
import { World } from './world';

export interface StoreWorld {
  readonly world: World;
  readonly dial: FaultDial;
  readonly cluster: StoreCluster;
  storeOf(process: SimProcess): ClusterStore;
  processOf(name: string): SimProcess;
}

export const SHARDS = 4;

export function storeWorld(
  options: WorldOptions,
  profile: FaultProfile = PROFILES.calm,
  shards: number = SHARDS,
): StoreWorld {
  const world = new World(options);
  const dial = new FaultDial(profile);
  const cluster = storeCluster(world, dial, shards);
  return {
    world,
    dial,
    cluster,
    storeOf: (process) => new SimStore(cluster, process),
    processOf: (name) => new SimProcess(world, name),
  };
}

/** A seed of its own for this run of the tests; to be printed before it is used. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}
