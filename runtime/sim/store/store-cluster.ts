/**
 * Store cluster: the store that all hosts of a world share, put together.
 *
 * Owns: the composition, and healing. Does not own: how it behaves (`replica-set`, `serial-register`, `disturbance`).
 */

import type { EntityKey } from '../../../framework/model/identity';
import type { Listing } from '../../ports/cluster-store';
import { Archive } from './archive';
import { disturbReplicas, healReplicas } from '../faults/disturbance';
import type { FaultDial } from '../faults/fault-profile';
import { ReplicaSet } from './replica-set';
import { SerialRegisters } from './serial-register';
import { StoreLinks } from './store-links';
import type { World } from '../world/world';

export interface Listed {
  readonly key: EntityKey;
  readonly listing: Listing;
}

export interface StoreCluster {
  readonly set: ReplicaSet;
  readonly serial: SerialRegisters;
  readonly links: StoreLinks;
  /** Fixed at creation (C3). */
  readonly shards: number;
  /** When a host last asked it to write something that does not say who lives. */
  writtenAtMs: number;
  /** Places of the rows that any host has asked it to write. */
  readonly issued: Set<string>;
  /** When a host first asked for the lease of that shard and epoch, by both. */
  readonly openedAtMs: Map<string, number>;
  /** Every row of the directory that a host asked it to write. */
  readonly listed: Listed[];
  /** By ordinal, which builds hosts have said in their heartbeats to have it: one, or something is wrong (S29). */
  readonly builds: Map<number, Set<string>>;
  /** What deleted partitions of histories held, for auditors. */
  readonly archive: Archive;
  /** Every replica and every host is up and connected again. The faults of single requests end when the dial is turned. */
  heal(): void;
}

export function openingName(shard: number, epoch: number): string {
  return `${shard} ${epoch}`;
}

export function storeCluster(world: World, dial: FaultDial, shards: number): StoreCluster {
  const set = new ReplicaSet(world, dial);
  disturbReplicas(set, dial);
  const links = new StoreLinks(world);
  const heal = (): void => {
    healReplicas(set);
    links.mend();
  };
  const serial = new SerialRegisters(set);
  const archive = new Archive(set);
  return {
    set,
    serial,
    links,
    shards,
    writtenAtMs: 0,
    issued: new Set(),
    openedAtMs: new Map(),
    listed: [],
    builds: new Map(),
    archive,
    heal,
  };
}
