/**
 * Command `npm run test:faults`: faults of real servers and processes under load, drawn in turn (`options`).
 *
 * Exit codes: 0 nothing was lost or doubled, 1 something was, or callers were not answered again, 2 bad usage.
 */

import { FaultCluster } from './fault-cluster';
import { runFaults } from './fault-run';
import type { FaultName } from './kinds';
import { parseOptions, USAGE, UsageError } from './options';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  const options = parseOptions(args);
  const cluster = await FaultCluster.start({ services: options.services, hosts: 3, callers: 5, tell: say });
  try {
    const faults = Array.from(
      { length: options.faults },
      (_, i) => options.kinds[i % options.kinds.length] as FaultName,
    );
    const report = await runFaults(cluster, faults, {
      fault: ({ name, silentMs, unknown }) =>
        say(`${name.padEnd(40)} ${String(silentMs).padStart(6)} ms silent, ${unknown} unknown`),
    });
    const { operations, refused, unknown, histories, undecided, wrong } = report;
    say(`${report.faults.length} faults, ${operations} operations: ${refused} refused, ${unknown} of unknown outcome`);
    say(`${histories} histories, ${undecided} of them too hard to decide`);
    say(wrong.length === 0 ? '0 lost, 0 doubled: all that was told is linearizable' : wrong.join('\n'));
    return wrong.length === 0 ? 0 : 1;
  } finally {
    await cluster.stop();
  }
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof UsageError) process.stderr.write(`\n${USAGE}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
