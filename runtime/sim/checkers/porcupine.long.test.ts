import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random, printedSeed } from '../../crash/random.fixture';
import { accounts, counters } from './counter-histories.fixture';
import type { ExportedHistory, ExportedModel } from './export';
import { exportHistory } from './export';
import type { Operation } from './history';
import { byKey } from './history';
import { badLists, goodLists } from './list-histories.fixture';
import type { Model } from './model';
import { account } from './models/account';
import { counter } from './models/counter';
import { list } from './models/list';
import { register } from './models/register';
import { money, moneyOperations } from './models/transfers';
import type { Row } from './notation.fixture';
import { accountHistory, counterHistory, listHistory, registerHistory, transferHistory } from './notation.fixture';
import { FAULTS, LIES, mutated, randomHistory } from './random-histories.fixture';
import { registers, transfers } from './register-histories.fixture';
import { checkHistory } from './search';
import { plantBug } from '../../../framework/planted-bugs';
import { drawScenario } from '../runs/scenario';
import type { SeedRun } from '../runs/seed-run';
import { runSeed } from '../runs/seed-run';
import { accountSubject, counterSubject, listSubject, registerSubject, transferSubject } from './subjects.fixture';

const RANDOM_HISTORIES = 150;
const middle = { operations: 24, clients: 4, keys: 1, unansweredPercent: 10 } as const;
const ours = { linearizable: 'ok', illegal: 'illegal', undecided: 'unknown' } as const;

/** Exported histories, and what our search says of each. */
class Docket {
  readonly exported: ExportedHistory[] = [];
  readonly expected = new Map<string, string>();

  add<S, I, O>(name: string, model: Model<S, I, O>, operations: readonly Operation<I, O>[]): void {
    this.exported.push(...exportHistory(name, model.name as ExportedModel, operations));
    for (const [key, of] of byKey(operations))
      this.expected.set(`${name}/${key}`, ours[checkHistory(model, of).verdict]);
  }

  addRows<S, I, O>(model: Model<S, I, O>, parse: (text: string) => Operation<I, O>[], rows: readonly Row[]): void {
    for (const [, title, text] of rows) this.add(`${model.name}: ${title}`, model, parse(text));
  }

  addRandom<S, I, O>(
    model: Model<S, I, O>,
    random: Random,
    draw: (fault: (typeof FAULTS)[number]) => Operation<I, O>[],
  ) {
    for (let round = 0; round < RANDOM_HISTORIES; round += 1) {
      let operations = draw(random.of(FAULTS));
      if (random.below(2) === 0) operations = mutated(operations, random.of(LIES), random);
      this.add(`${model.name}: random ${round}`, model, operations);
    }
  }
}

/** What the real Porcupine says of each history, by name; fails loudly when Go is not there. */
function askPorcupine(histories: readonly ExportedHistory[]): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'porcupine-'));
  try {
    const file = join(folder, 'histories.json');
    writeFileSync(file, JSON.stringify(histories));
    const printed = execFileSync('npm', ['run', '--silent', 'sim:porcupine', '--', file], { encoding: 'utf8' });
    const lines = printed.trim().split('\n');
    const verdicts = lines.map((line) => JSON.parse(line) as { readonly name: string; readonly verdict: string });
    return new Map(verdicts.map(({ name, verdict }) => [name, verdict]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the real Porcupine', () => {
  beforeAll(() => {
    try {
      execFileSync('go', ['version']);
    } catch (error) {
      throw new Error('Go 1.21 or later is needed to cross-check the checkers: install it from https://go.dev/dl', {
        cause: error,
      });
    }
  });

  it('agrees with the search on every history by hand', () => {
    const docket = new Docket();
    docket.addRows(list, listHistory, [...goodLists, ...badLists]);
    docket.addRows(counter, counterHistory, counters);
    docket.addRows(account, accountHistory, accounts);
    docket.addRows(register, registerHistory, registers);
    docket.addRows(money, (text) => moneyOperations(transferHistory(text)), transfers);
    expect(askPorcupine(docket.exported)).toEqual(docket.expected);
    expect(docket.expected.size).toBeGreaterThanOrEqual(200);
  }, 300_000);

  it('agrees with the search on random histories, where both decide', () => {
    const random = new Random(printedSeed());
    const docket = new Docket();
    const plan = (fault: (typeof FAULTS)[number]) => ({ ...middle, fault });
    docket.addRandom(list, random, (fault) => randomHistory(listSubject, plan(fault), random));
    docket.addRandom(counter, random, (fault) => randomHistory(counterSubject, plan(fault), random));
    docket.addRandom(account, random, (fault) => randomHistory(accountSubject, plan(fault), random));
    docket.addRandom(register, random, (fault) => randomHistory(registerSubject, plan(fault), random));
    const short = { ...middle, operations: 10 };
    docket.addRandom(money, random, (fault) => {
      return moneyOperations(randomHistory(transferSubject, { ...short, fault }, random));
    });
    const theirs = askPorcupine(docket.exported);
    const decided = [...docket.expected].filter(([name, verdict]) => {
      return verdict !== 'unknown' && theirs.get(name) !== 'unknown';
    });
    expect(decided.map(([name]) => [name, theirs.get(name)])).toEqual(decided);
    expect(decided.length).toBeGreaterThan(0.95 * docket.expected.size);
  }, 600_000);

  it('finds nothing illegal in histories of simulated runs that hold, of every model', async () => {
    const runs = await simulated(SIMULATED_RUNS);
    expect(runs.map(({ fault }) => fault).filter((fault) => fault !== null)).toEqual([]);
    const exported = runs.flatMap((run, at) => named(run, at));
    expect(new Set(exported.map(({ model }) => model)).size).toBe(5);
    const verdicts = [...askPorcupine(exported).values()];
    expect(verdicts).toHaveLength(exported.length);
    expect(verdicts).not.toContain('illegal');
    expect(verdicts.filter((verdict) => verdict === 'ok').length).toBeGreaterThan(0.8 * verdicts.length);
  }, 900_000);

  it('finds the runs illegal that our checkers find so, of a bug that callers see (C5)', async () => {
    plantBug('acknowledge-before-write');
    const runs = await simulated(SIMULATED_RUNS).finally(() => plantBug(null));
    const caught = runs.filter(({ fault }) => fault?.includes('is not linearizable'));
    expect(caught.length).toBeGreaterThan(0);
    for (const run of caught) expect([...askPorcupine(named(run, 0)).values()]).toContain('illegal');
  }, 900_000);
});

const SIMULATED_RUNS = 60;
const MODELLED = ['account', 'counter', 'list-append', 'register', 'transfers'] as const;

/** Each with one workload that has a model, under the faults of its seed. */
async function simulated(count: number): Promise<SeedRun[]> {
  const first = printedSeed();
  const runs: SeedRun[] = [];
  for (let n = 0; n < count; n += 1) {
    const name = MODELLED[n % MODELLED.length] ?? 'counter';
    runs.push(await runSeed(drawScenario(first + n, { workloads: [name] })));
  }
  return runs;
}

function named(run: SeedRun, at: number): ExportedHistory[] {
  return run.histories().map((history) => ({ ...history, name: `run ${at}: ${history.name}` }));
}
