import { join } from 'node:path';
import { stopTestServices, testOptions } from '../services/for-tests';
import { FaultCluster } from './fault-cluster';
import { runFaults } from './fault-run';
import type { FaultName } from './kinds';

const SHORT: readonly FaultName[] = [
  'host killed',
  'host drained',
  'host stopped and continued',
  'NATS killed',
  'NATS stopped and continued',
  'Cassandra node killed',
];

describe('faults of real servers and processes', () => {
  it('lose nothing and double nothing (C1 to C7)', async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    process.stdout.write(`faults: seed ${seed}\n`);
    await stopTestServices();
    const programs = join(__dirname, '..', 'dist', 'faults');
    const options = { services: testOptions(3), hosts: 3, callers: 5, programs, tell: () => undefined };
    const cluster = await FaultCluster.start(options);
    try {
      const report = await runFaults(cluster, { faults: SHORT, seed });
      expect(report.judgement).toMatchObject({ wrong: [] });
      expect(report.faults).toHaveLength(SHORT.length);
      expect(report.cost.answered).toBeGreaterThan(500);
    } finally {
      await cluster.stop();
    }
  }, 900_000);
});
