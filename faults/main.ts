/**
 * Command `npm run test:faults [-- --faults N] [--nodes 1|3]`: faults of real servers and processes under load, drawn in turn.
 *
 * Exit codes: 0 nothing was lost or doubled, 1 something was, or callers were not answered again, 2 bad usage.
 */

import { parseArgs } from 'node:util';
import { testOptions } from '../services/for-tests';
import { FaultCluster } from './fault-cluster';
import { runFaults } from './fault-run';
import { FAULTS } from './kinds';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
/** About 75 minutes. */
const FAULTS_OF_A_RUN = 200;

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { faults: text, nodes: text } });
  const [count, nodes] = [Number(values.faults ?? FAULTS_OF_A_RUN), Number(values.nodes ?? 3)];
  if (!Number.isInteger(count) || count < 1 || (nodes !== 1 && nodes !== 3)) {
    process.stderr.write('Usage: npm run test:faults [-- --faults N] [--nodes 1|3]\n');
    return 2;
  }
  const cluster = await FaultCluster.start({ services: testOptions(nodes), hosts: 3, callers: 5, tell: say });
  try {
    const kinds = Object.entries(FAULTS);
    const faults = Array.from({ length: count }, (_, i) => kinds[i % kinds.length] as (typeof kinds)[number]);
    const report = await runFaults(cluster, faults, ({ name, silentMs, unknown }) =>
      say(`${name.padEnd(40)} ${String(silentMs).padStart(6)} ms silent, ${unknown} unknown`),
    );
    say(`${report.faults.length} faults, ${report.operations} operations, ${report.unknown} of unknown outcome`);
    say(report.fault ?? '0 lost, 0 doubled: every list is linearizable');
    return report.fault === null ? 0 : 1;
  } finally {
    await cluster.stop();
  }
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
