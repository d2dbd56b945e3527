/**
 * Servers: the NATS and the Cassandra that benchmarks measure on: those that PERDURE_TEST_NATS and PERDURE_TEST_CASSANDRA
 * name, else one of each that is started beside the benchmarks, and ended with them.
 */

import type { CassandraOptions } from 'perdure/host';
import { stopTestServices, testServices } from '../../services/for-tests';

let used = false;

export async function natsForBenchmarks(): Promise<string> {
  used = true;
  return (await testServices()).nats;
}

/** A keyspace that does not exist yet, with one replica. */
export async function keyspaceForBenchmarks(name: string): Promise<CassandraOptions> {
  used = true;
  const { cassandra } = await testServices();
  return {
    contactPoints: cassandra.map(({ host }) => host),
    port: cassandra[0]?.port ?? 9_042,
    localDataCenter: 'datacenter1',
    keyspace: `bench_${name}_${process.pid}`,
    migrate: true,
    createWithReplicas: 1,
    unsafe: ['replication'],
  };
}

/** Those that were started for the benchmarks. */
export async function endServers(): Promise<void> {
  if (used) await stopTestServices();
}
