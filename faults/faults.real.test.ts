import { testOptions } from '../services/for-tests';
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
    const cluster = await FaultCluster.start({ services: testOptions(3), hosts: 3, callers: 5, tell: () => undefined });
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
