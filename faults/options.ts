/**
 * Options of the fault runs: which faults, how many, on which servers.
 *
 * Owns: their names, defaults and checks. Does not own: starting anything.
 */

import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { named, parsed, UsageError, whole } from '../runtime/sim/usage';
import { SimRandom } from '../runtime/sim/world/random';
import { testOptions } from '../services/for-tests';
import type { ServiceOptions } from '../services/options';
import type { FaultName } from './kinds';
import { FAULTS } from './kinds';

export const USAGE = `npm run test:faults [-- options]

  --faults N              how many, each kind in turn               (200)
  --kinds NAME,NAME       of these kinds only                       (all)
  --seed S                draws their order and what they befall    (drawn)
  --minutes M             begins no fault after so long             (no limit)
  --resume                goes on after the faults that the report holds
  --report FILE           what was found, as JSON                   (dist/faults-report.json)
  --nodes 1|3             Cassandra nodes                           (3)
  --nats-port PORT        NATS                                      (24222)
  --cassandra-port PORT   Cassandra for hosts                       (29042)
  --storage-port PORT     Cassandra between its nodes               (27000)
  --directory PATH        data and logs of the servers

Kinds:
${Object.keys(FAULTS)
  .map((name) => `  ${name}\n`)
  .join('')}`;

export interface FaultOptions {
  readonly faults: number;
  readonly kinds: readonly FaultName[];
  readonly seed: number;
  readonly minutes: number;
  /** Seed and number of faults are those of the report. */
  readonly resume: boolean;
  /** A file. */
  readonly report: string;
  readonly services: ServiceOptions;
}

/** About 75 minutes. */
const FAULTS_OF_A_RUN = 200;
const SEEDS = 2 ** 32;

/** Throws UsageError. */
export function parseOptions(args: readonly string[]): FaultOptions {
  const values = parse(args);
  const nodes = wholeOr(3, '--nodes', values.nodes, [1, 3]);
  if (nodes === 2) throw new UsageError("--nodes is 1 or 3, not '2'");
  const services = testOptions(nodes === 1 ? 1 : 3);
  const port = (name: 'nats-port' | 'cassandra-port' | 'storage-port', otherwise: number): number =>
    wholeOr(otherwise, `--${name}`, values[name], [1, 65_535]);
  return {
    faults: wholeOr(FAULTS_OF_A_RUN, '--faults', values.faults, [1, 100_000]),
    kinds: kindsOf(values.kinds),
    seed: wholeOr(Math.floor(Math.random() * SEEDS), '--seed', values.seed, [0, SEEDS - 1]),
    minutes: wholeOr(Infinity, '--minutes', values.minutes, [1, 10_000]),
    resume: values.resume === true,
    report: resolve(values.report ?? join(__dirname, '..', 'faults-report.json')),
    services: {
      ...services,
      natsPort: port('nats-port', services.natsPort),
      cassandraPort: port('cassandra-port', services.cassandraPort),
      storagePort: port('storage-port', services.storagePort),
      ...(values.directory === undefined ? {} : { directory: resolve(values.directory) }),
    },
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const ports = { 'nats-port': text, 'cassandra-port': text, 'storage-port': text };
  return parsed(() =>
    parseArgs({
      args: [...args],
      options: {
        faults: text,
        kinds: text,
        seed: text,
        minutes: text,
        report: text,
        resume: { type: 'boolean' },
        nodes: text,
        directory: text,
        ...ports,
      },
    }),
  ).values;
}

function kindsOf(text: string | undefined): readonly FaultName[] {
  if (text === undefined) return Object.keys(FAULTS) as FaultName[];
  return text.split(',').map((name) => named('--kinds', name.trim(), FAULTS));
}

function wholeOr(
  otherwise: number,
  option: string,
  text: string | undefined,
  [least, most]: readonly [number, number],
): number {
  return text === undefined ? otherwise : whole(option, text, least, most);
}

/** Every kind in each round, in an order of its own. */
export function drawFaults({ faults, kinds, seed }: FaultOptions): FaultName[] {
  const draw = new SimRandom(seed).stream('order');
  const drawn: FaultName[] = [];
  while (drawn.length < faults) {
    const left = [...kinds];
    while (left.length > 0) drawn.push(...left.splice(draw.below(left.length), 1));
  }
  return drawn.slice(0, faults);
}
