import { join } from 'node:path';
import { stopTestServices, testOptions } from '../services/for-tests';
import { FaultCluster } from './fault-cluster';
import { runFaults } from './fault-run';
import { FAULTS } from './kinds';

const SHORT = [
  'host killed',
  'host drained',
  'host stopped and continued',
  'NATS killed',
  'NATS stopped and continued',
  'Cassandra node killed',
];

describe('faults of real servers and processes', () => {
  it('lose nothing and double nothing (C1 to C7)', async () => {
    await stopTestServices();
    const programs = join(__dirname, '..', 'dist', 'faults');
    const options = { services: testOptions(3), hosts: 3, callers: 5, programs, tell: () => undefined };
    const cluster = await FaultCluster.start(options);
    try {
      const faults = SHORT.map((name) => [name, FAULTS[name] ?? (() => Promise.reject(new Error(name)))] as const);
      const report = await runFaults(cluster, faults, () => undefined);
      expect(report.fault).toBeNull();
      expect(report.faults).toHaveLength(SHORT.length);
      expect(report.operations).toBeGreaterThan(500);
    } finally {
      await cluster.stop();
    }
  }, 900_000);
});
