/**
 * Command `npm run test:faults`: faults of real servers and processes under load, drawn in turn (`options`).
 *
 * Owns: going on where an earlier run ended, writing the report after each fault.
 * Exit codes: 0 nothing was lost or doubled, and hosts' deaths were recovered from in time; 1 not so; 2 bad usage.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../runtime/sim/usage';
import { FaultCluster } from './fault-cluster';
import { runFaults } from './fault-run';
import type { FaultName } from './kinds';
import { hindered } from './kinds';
import type { FaultOptions } from './options';
import { drawFaults, parseOptions, USAGE } from './options';
import type { PartReport, RunReport } from './report';
import { judgedParts, lineOf, summaryOf, textOf } from './report';

const HOSTS = 3;
const CALLERS = 5;
/** Histories between two lines about what was judged. */
const JUDGED_STEP = 50;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const now = (): string => new Date().toISOString().slice(11, 19);

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  const given = parseOptions(args);
  const before = given.resume ? earlier(given) : null;
  const options = { ...given, ...(before && { seed: before.seed, faults: before.faultsWanted }) };
  say(`seed ${options.seed}; the report goes to ${options.report}`);
  const parts = before === null ? [] : judgedParts(before);
  const report = await goOn(options, parts);
  say(textOf(report));
  return summaryOf(report).wrong.length === 0 ? 0 : 1;
}

async function goOn(options: FaultOptions, parts: readonly PartReport[]): Promise<RunReport> {
  const { services, seed, minutes } = options;
  const smallDisk = options.kinds.includes('Cassandra disk full');
  const tell = (line: string): void => say(`${now()} ${line}`);
  const cluster = await FaultCluster.start({ services, hosts: HOSTS, callers: CALLERS, tell, smallDisk });
  try {
    const notRun = Object.fromEntries([...hindered(cluster)].filter(([name]) => options.kinds.includes(name)));
    for (const [name, why] of Object.entries(notRun)) say(`NOT RUN: ${name}: ${why}`);
    const kinds = options.kinds.filter((name) => !(name in notRun));
    const faults: FaultName[] = drawFaults({ ...options, kinds });
    const done = parts.reduce((count, part) => count + part.faults.length, 0);
    const shared = { seed, nodes: services.nodes, faultsWanted: options.faults, notRun };
    const keep = (part: PartReport): RunReport => write(options.report, { ...shared, parts: [...parts, part] });
    const part = await runFaults(cluster, {
      ...{ faults: faults.slice(done), seed, first: done + 1, minutes },
      fault: (n, fault, soFar) => {
        keep(soFar);
        tell(lineOf(n, fault));
      },
      judged: (judged, all) => {
        if (judged % JUDGED_STEP === 0 || judged === all) tell(`judged ${judged} of ${all} histories`);
      },
    });
    return keep(part);
  } finally {
    await cluster.stop();
  }
}

function earlier({ report }: FaultOptions): RunReport {
  if (!existsSync(report))
    throw new UsageError(`--resume: there is no report ${report}; run without it, or give --report`);
  return JSON.parse(readFileSync(report, 'utf8')) as RunReport;
}

function write(file: string, report: RunReport): RunReport {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ summary: summaryOf(report), ...report }, null, 2)}\n`);
  return report;
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof UsageError) process.stderr.write(`\n${USAGE}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
