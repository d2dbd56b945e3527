/**
 * Options of the Cassandra store, as its user gives them.
 */

import type { ConnectionOptions } from 'node:tls';

export interface CassandraOptions {
  /** Names or addresses of a few nodes, without a port. */
  readonly contactPoints: readonly string[];
  /** Home data centre of the keyspace: all quorums are of it (C11). */
  readonly localDataCenter: string;
  readonly keyspace: string;
  /** Of all nodes; 9042 by default. */
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
  /** As for `node:tls`; a client certificate makes it mutual. */
  readonly tls?: ConnectionOptions;
  /** After so long an answer is not waited for any more, milliseconds; 1,500 by default. */
  readonly timeoutMs?: number;
  /** Requests in flight; those beyond wait. 1,024 by default. */
  readonly inFlight?: number;
  /**
   * Creates the keyspace's tables, or brings them to this build's version, at start; without it a host refuses an older
   * keyspace. Stop the hosts of older builds first: what they would still write, newer indexes do not find.
   */
  readonly migrate?: boolean;
  /** Makes the keyspace when there is none, with so many replicas in the local data centre; goes with `migrate`. */
  readonly createWithReplicas?: number;
  /** Number of shards, at the creation of the tables, for ever (C3); 256 by default. */
  readonly shards?: number;
  /** Settings under which acknowledged work can be lost; each is refused unless it is named here (C11). */
  readonly unsafe?: readonly UnsafeSetting[];
}

/**
 * `replication`: fewer than 3 replicas in the local data centre. The others are settings of single nodes, in
 * `cassandra.yaml`: `commitlog_sync` other than `group` or `batch`, by which a crash of all replicas loses the last
 * seconds; `paxos_variant` other than `v2`, `paxos_state_purging` other than `repaired` and
 * `paxos_on_linearizability_violations` other than `fail`, by which two hosts may take one shard for their own for longer
 * than it takes to find out.
 */
export type UnsafeSetting = 'replication' | NodeSetting;
export type NodeSetting =
  'commitlog_sync' | 'paxos_variant' | 'paxos_state_purging' | 'paxos_on_linearizability_violations';
