/**
 * Cassandra: one node or three on this machine, as daemons.
 *
 * Owns: the configuration of a node and the flags of its Java 17. The settings are those a cluster needs (C11): group
 * commit, Paxos v2, and death instead of going on with a broken disk; batches that a host sends are no reason to warn (C12).
 */

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Daemon } from './daemon';
import { javaCommand } from './install';
import { OPENED } from './java-modules';
import type { ServiceOptions } from './options';

/** The ring of the Murmur3 partitioner begins here and is 2 ** 64 long. */
const FIRST_TOKEN = -(2n ** 63n);
const RING = 2n ** 64n;
const SEED = '127.0.0.1';

/** In the order in which they are to be started, one after another. */
export function cassandraDaemons(jars: string, options: ServiceOptions): readonly Daemon[] {
  return Array.from({ length: options.nodes }, (_, i) => ({
    name: `cassandra-${i + 1}`,
    command: javaCommand(),
    args: javaArgs(jars, homeOf(options, i), options),
    directory: homeOf(options, i),
    address: { host: addressOf(i), port: options.cassandraPort },
    readyWithinMs: 180_000,
  }));
}

export function configureCassandra(options: ServiceOptions): void {
  for (let i = 0; i < options.nodes; i += 1) {
    const home = homeOf(options, i);
    mkdirSync(join(home, 'conf'), { recursive: true });
    writeFileSync(join(home, 'conf', 'cassandra.yaml'), settings(i, options));
    writeFileSync(join(home, 'conf', 'logback.xml'), LOGBACK);
  }
}

function homeOf({ directory }: ServiceOptions, i: number): string {
  return join(directory, `cassandra-${i + 1}`);
}

function addressOf(i: number): string {
  return `127.0.0.${i + 1}`;
}

function settings(i: number, options: ServiceOptions): string {
  const home = homeOf(options, i);
  const folder = (name: string): string => JSON.stringify(join(home, name));
  const lines = [
    'cluster_name: perdure',
    'num_tokens: 1',
    `initial_token: ${FIRST_TOKEN + (RING / BigInt(options.nodes)) * BigInt(i)}`,
    'partitioner: org.apache.cassandra.dht.Murmur3Partitioner',
    'commitlog_sync: group',
    'commitlog_sync_group_window: 2ms',
    `data_file_directories: [${folder('data')}]`,
    `commitlog_directory: ${folder('commitlog')}`,
    `saved_caches_directory: ${folder('saved_caches')}`,
    `hints_directory: ${folder('hints')}`,
    `cdc_raw_directory: ${folder('cdc_raw')}`,
    'endpoint_snitch: SimpleSnitch',
    `listen_address: ${addressOf(i)}`,
    `rpc_address: ${addressOf(i)}`,
    `storage_port: ${options.storagePort}`,
    `native_transport_port: ${options.cassandraPort}`,
    'seed_provider:',
    '  - class_name: org.apache.cassandra.locator.SimpleSeedProvider',
    `    parameters: [{ seeds: "${SEED}:${options.storagePort}" }]`,
    'paxos_variant: v2',
    'paxos_state_purging: repaired',
    'paxos_on_linearizability_violations: fail',
    'batch_size_warn_threshold: 50KiB',
    'disk_failure_policy: die',
    'commit_failure_policy: die',
    'auto_bootstrap: false',
  ];
  const changed = Object.entries(options.cassandraSettings);
  const kept = lines.filter((line) => !changed.some(([name]) => line.startsWith(`${name}:`)));
  const added = changed.flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  return `${[...kept, ...added].join('\n')}\n`;
}

function javaArgs(jars: string, home: string, { heapMb, durableSchema }: ServiceOptions): string[] {
  const conf = join(home, 'conf');
  const classPath = [conf, ...readdirSync(jars).map((name) => join(jars, name))].join(':');
  return [
    `-Xms${heapMb}m`,
    `-Xmx${heapMb}m`,
    '-XX:+UseG1GC',
    '-XX:+ExitOnOutOfMemoryError',
    `-javaagent:${join(jars, 'jamm-0.4.0.jar')}`,
    `-Dcassandra.config=file://${join(conf, 'cassandra.yaml')}`,
    `-Dlogback.configurationFile=${join(conf, 'logback.xml')}`,
    `-Dcassandra.storagedir=${home}`,
    '-Djdk.attach.allowAttachSelf=true',
    '-Dcassandra.skip_wait_for_gossip_to_settle=0',
    '-Dcassandra.ring_delay_ms=1000',
    '-Dcassandra.superuser_setup_delay_ms=0',
    ...(durableSchema ? [] : ['-Dcassandra.test.flush_local_schema_changes=false']),
    ...OPENED.flatMap((name) => ['--add-exports', `${name}=ALL-UNNAMED`, '--add-opens', `${name}=ALL-UNNAMED`]),
    '-cp',
    classPath,
    'org.apache.cassandra.service.CassandraDaemon',
  ];
}

const LOGBACK = `<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d %-5level %logger{1} %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="OUT" /></root>
</configuration>
`;
