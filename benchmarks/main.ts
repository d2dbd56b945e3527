/**
 * Benchmarks: runs the workloads one after another and reports them together.
 *
 *     npm run bench -- [--only NAME]… [--quick] [--json FILE] [--data DIR]
 *
 * Those over NATS and Cassandra use the servers that PERDURE_TEST_NATS and PERDURE_TEST_CASSANDRA name, else start some.
 * Ends with 0 when every workload came to its end, whatever its figures: a missed goal is reported, not an error.
 */

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hostDeath } from './cluster/host-death';
import { overCassandra } from './cluster/over-cassandra';
import { overNats } from './cluster/over-nats';
import { endServers } from './cluster/servers';
import { coldActivation } from './cold-activation';
import { hotKey } from './hot-key';
import { loneUpdate } from './lone-update';
import { memory } from './memory';
import { pendingTimers } from './pending-timers';
import { refusedUpdates } from './refused-updates';
import { replay } from './replay';
import { machine, workloadText, writeJson } from './report';
import type { Reported } from './report';
import { uniformUpdates } from './uniform-updates';
import type { BenchOptions, Findings, Workload } from './workload';
import { isMet } from './workload';

/** Memory comes first, while the heap is small. */
const WORKLOADS: readonly Workload[] = [
  memory,
  uniformUpdates,
  hotKey,
  loneUpdate,
  refusedUpdates,
  replay,
  coldActivation,
  pendingTimers,
  overNats,
  overCassandra,
  hostDeath,
];

const NOTHING: Findings = { figures: [], sides: [] };

async function main(): Promise<number> {
  const chosen = options();
  if (typeof chosen === 'string') {
    print(`bench: ${chosen}; use [--only NAME] [--quick] [--json FILE] [--data DIR]`);
    return 2;
  }
  const startedAt = new Date().toISOString();
  const workloads: Reported[] = [];
  for (const workload of chosen.workloads) {
    process.stderr.write(`bench: ${workload.name}\n`);
    workloads.push(await reported(workload, chosen.bench));
  }
  await endServers();
  writeJson(chosen.json, { startedAt, quick: chosen.bench.quick, machine: machine(), workloads });
  const figures = workloads.flatMap((one) => one.figures);
  const missed = figures.filter((figure) => !isMet(figure)).length;
  print(`\n${figures.length - missed} figures met, ${missed} missed; ${chosen.json} has them all`);
  return workloads.every(({ error }) => error === null) ? 0 : 1;
}

async function reported(workload: Workload, bench: BenchOptions): Promise<Reported> {
  const { name, about } = workload;
  try {
    const findings = await workload.run(bench);
    print(workloadText(workload, findings));
    return { name, about, error: null, ...findings };
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    print(`\n${name}: did not come to its end: ${text}`);
    return { name, about, error: text, ...NOTHING };
  }
}

function options(): { workloads: readonly Workload[]; json: string; bench: BenchOptions } | string {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true, default: [] },
        quick: { type: 'boolean', default: false },
        json: { type: 'string', default: join('dist', 'bench.json') },
        data: { type: 'string', default: tmpdir() },
      },
    }));
  } catch (error) {
    return (error as Error).message;
  }
  const { only, quick, json, data } = values;
  const unknown = only.find((name) => !WORKLOADS.some((workload) => workload.name === name));
  if (unknown !== undefined) return `there is no ${unknown}: there is ${WORKLOADS.map(({ name }) => name).join(', ')}`;
  const workloads = only.length === 0 ? WORKLOADS : WORKLOADS.filter(({ name }) => only.includes(name));
  const say = (line: string): void => void process.stderr.write(`  ${line}\n`);
  return { workloads, json, bench: { quick, directory: data, say } };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

void main().then((code) => (process.exitCode = code));
