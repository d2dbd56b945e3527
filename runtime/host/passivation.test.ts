import 'reflect-metadata';
import { Entity, Query, Update, condition, sideEffect } from '../../framework';
import type { Handle } from '../../framework';
import { StagedHost } from './staged-host.fixture';

/** What happens while a step runs. */
let meanwhile: () => unknown = () => undefined;
let inMemory: () => boolean = () => true;

@Entity('counter')
class Counter {
  count = 0;
  padding = '';

  @Update() async add(by: number): Promise<number> {
    await condition(() => true);
    this.count += by;
    return this.count;
  }

  @Update() async disturbed(): Promise<boolean> {
    sideEffect(() => void meanwhile());
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    return sideEffect(() => inMemory());
  }

  @Update() pad(length: number): number {
    this.padding = 'x'.repeat(length);
    return length;
  }

  @Query() value(): number {
    return this.count;
  }
}

describe('passivation (S24)', () => {
  let staged: StagedHost;
  afterEach(() => staged.stop());

  const counters = (n: number) => Array.from({ length: n }, (_, at) => staged.client.entity(Counter, `C-${at}`));

  it('keeps at most residentEntities in memory and loads the others again', async () => {
    staged = await StagedHost.start({ entities: [Counter], limits: { residentEntities: 3 } });
    for (const counter of counters(10)) await counter.add(1);
    await staged.settle();
    expect(staged.residents).toBeLessThanOrEqual(3);
    for (const counter of counters(10)) expect(await counter.add(1)).toBe(2);
    await staged.settle();
    expect(staged.residents).toBeLessThanOrEqual(3);
    expect(staged.errors).toEqual([]);
  });

  it('keeps at most residentBytes of states in memory', async () => {
    staged = await StagedHost.start({ entities: [Counter], limits: { residentBytes: 1_000_000 } });
    for (const counter of counters(10)) await counter.pad(100_000);
    await staged.settle();
    expect(staged.residents).toBeLessThanOrEqual(3);
    for (const counter of counters(10)) expect(await counter.value()).toBe(0);
  });

  it('never takes an entity out of memory in the middle of a step', async () => {
    staged = await StagedHost.start({ entities: [Counter], limits: { residentEntities: 1 } });
    const [first, second] = counters(2) as [Handle<Counter>, Handle<Counter>];
    const answers: Promise<number>[] = [];
    meanwhile = () => answers.push(second.add(1));
    inMemory = () => staged.isResident('counter', 'C-0');
    expect(await first.disturbed()).toBe(true);
    expect(await Promise.all(answers)).toEqual([1]);
    expect(staged.errors).toEqual([]);
  });
});
