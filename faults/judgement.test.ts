import { memory, memoryStore, silentLog, startHost } from '../runtime';
import type { RunningHost } from '../runtime';
import type { PerdureClient } from '../runtime/client';
import { connect } from '../runtime/client';
import { Account } from '../runtime/sim/workloads/accounts';
import { times } from '../runtime/sim/workloads/calling';
import { Journal } from '../runtime/sim/workloads/list-append';
import { Purse } from '../runtime/sim/workloads/transfers';
import { judge } from './judgement';
import type { LoadName, Told } from './loads';
import { currentEra, loadedEntities, loadOf } from './loads';
import { realCaller } from './real-caller';

const ERA = 7;
const KEY = `${ERA}.1`;

describe('the judgement over a run of faults', () => {
  let host: RunningHost;
  let client: PerdureClient;

  beforeEach(async () => {
    const transport = memory();
    client = await connect(transport);
    const activities = loadOf('transfers', 0).activities?.(callerNamed('host')) ?? [];
    const code = { entities: loadedEntities(), activities, build: 'faults' };
    host = await startHost({ ...code, store: memoryStore(), transport, log: silentLog, watchdog: 'off' });
  });

  afterEach(async () => {
    await client.close();
    await host.stop();
  });

  const callerNamed = (name: string) => realCaller({ name, client, patienceMs: 5_000, pauseMs: 0 });

  /** As a caller says it, in the order of the numbers. */
  const told = (load: LoadName, at: number, op: object, output: unknown, key = KEY): Told => {
    return {
      load,
      era: ERA,
      lane: 'c',
      heard: { operation: { client: 'c', key, op, output, invokedAt: at, returnedAt: at + 1 } },
    };
  };
  const judged = async (...all: readonly Told[]): Promise<readonly string[]> => {
    return (await judge(all, callerNamed('auditor'))).wrong;
  };
  const append = (at: number, value: string, output = 'ok') =>
    told('list-append', at, { kind: 'append', value }, output);
  const deposit = (at: number, output: string) => told('account', at, { kind: 'deposit', amount: 5 }, output);
  const send = (at: number, output: string) =>
    told('transfers', at, { kind: 'transfer', from: KEY, to: `${ERA}.2`, amount: 5 }, output, 'purses');

  it('finds nothing wrong with what callers were really told, of all loads', async () => {
    const all: Told[] = [];
    const era = currentEra();
    const work = (['list-append', 'account', 'transfers'] as const).flatMap((load) =>
      ['c1', 'c2', 'c3'].map((name) => {
        return loadOf(load, era, { heard: (heard) => all.push({ load, era, lane: name, heard }) }).call(
          callerNamed(name),
          times(60),
        );
      }),
    );
    await Promise.all(work);
    expect(all).toHaveLength(3 * 3 * 60);
    const outputs = all.map(({ heard }) => ('operation' in heard ? heard.operation.output : heard.complaint));
    expect(outputs).toEqual(expect.arrayContaining(['ok', 'refused', expect.any(Array), expect.any(Number)]));
    const verdict = await judge(JSON.parse(JSON.stringify(all)) as Told[], callerNamed('auditor'));
    expect(verdict).toMatchObject({ wrong: [], histories: 3 });
  });

  it.each([
    ['not come about', [] as string[]],
    ['come about', ['b']],
  ])('takes an outcome that nobody was told for one that may have %s', async (_what, appended) => {
    await client.entity(Journal, KEY).append('a');
    for (const value of appended) await client.entity(Journal, KEY).append(value);
    expect(await judged(append(1, 'a'), append(3, 'b', 'unknown'))).toEqual([]);
  });

  it('finds an acknowledged append that is lost (C5)', async () => {
    expect(await judged(append(1, 'a'))).toEqual([expect.stringContaining('(lost)')]);
  });

  it('finds an append that is applied twice (S11)', async () => {
    await client.entity(Journal, KEY).append('a');
    await client.entity(Journal, KEY).append('a');
    expect(await judged(append(1, 'a'))).toEqual([expect.stringContaining('(duplicate)')]);
  });

  it.each([
    ['an acknowledged deposit that is lost (C5)', 0, deposit(1, 'ok')],
    ['one that is applied twice (S11)', 2, deposit(1, 'unknown')],
  ])('finds %s', async (_what, times, heard) => {
    for (let time = 0; time < times; time += 1) await client.entity(Account, KEY).deposit(5);
    expect(await judged(heard)).toEqual([expect.stringContaining('no order explains')]);
  });

  it('finds a transfer that was acknowledged and has not arrived, and one that arrived twice (S15)', async () => {
    expect(await judged(send(1, 'ok'))).toEqual([expect.stringContaining('no order explains')]);
    await client.entity(Purse, KEY).deposit(10);
    for (const name of ['t', 't']) await client.entity(Purse, KEY).transfer(name, `${ERA}.2`, 5);
    expect(await judged(send(1, 'ok'))).toEqual([expect.stringContaining('twice')]);
  });

  it('passes on what a caller complains of', async () => {
    const complaint = 'c, 7.1: append was answered internal';
    expect(await judged({ load: 'list-append', era: ERA, lane: 'c', heard: { complaint } })).toEqual([
      expect.stringContaining(complaint),
    ]);
  });
});
