/**
 * Command `npm run test:faults`: faults of real servers and processes under load, drawn in turn (`options`).
 *
 * Exit codes: 0 nothing was lost or doubled, 1 something was, or callers were not answered again, 2 bad usage.
 */

import { FaultCluster } from './fault-cluster';
import { runFaults } from './fault-run';
import { drawFaults, parseOptions, USAGE, UsageError } from './options';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const ms = (time: number): string => `${String(time).padStart(6)} ms`;

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  const options = parseOptions(args);
  say(`seed ${options.seed}`);
  const cluster = await FaultCluster.start({ services: options.services, hosts: 3, callers: 5, tell: say });
  try {
    const faults = drawFaults(options);
    const report = await runFaults(cluster, faults, options.seed, {
      fault: ({ name, silentMs, waitedMs, unknown }) =>
        say(`${name.padEnd(40)} ${ms(silentMs)} silent, ${ms(waitedMs)} waited, ${unknown} unknown`),
    });
    const { cost, histories, undecided, wrong } = report;
    say(`${faults.length} faults, ${cost.answered} answers: ${cost.refused} refused; ${cost.unknown} unknown`);
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
