/** What was left running by processes that died is not run a third time (S20). */

import 'reflect-metadata';
import { Entity, Query, Signal, Update, condition, sleep } from '../../framework';
import type { HistoryStore } from '../ports/history-store';
import { memoryStore } from '../store/memory-store';
import { queryName } from '../activation/poison';
import { encodeValue } from '../../framework/codec/value';
import { StagedHost } from './staged-host.fixture';

let ran: string[] = [];

@Entity('job')
class Job {
  steps: string[] = [];

  @Update() async add(step: string): Promise<number> {
    ran.push(step);
    this.steps.push(step);
    if (step === 'later') await sleep('1 minute');
    return this.steps.length;
  }
  @Signal() note(step: string): void {
    ran.push(step);
    this.steps.push(step);
  }
  @Signal() async wait(): Promise<void> {
    await condition(() => this.steps.length > 2);
    ran.push('true');
  }
  @Query() seen(last: number): string[] {
    ran.push('seen');
    return this.steps.slice(-last);
  }
}

const KEY = { namespace: 'default', type: 'job', id: 'A' };

/** So many sessions of the build die with the input's row standing. */
async function die(store: HistoryStore, input: string, { times = 2, build = 'b1' } = {}): Promise<void> {
  for (let i = 0; i < times; i += 1) await (await store.open()).running.write(2, { key: KEY, input, build });
}

async function suspicions(store: HistoryStore): Promise<readonly string[]> {
  return (await store.open()).running.left.map(({ input }) => input);
}

describe('poison', () => {
  let store: HistoryStore;
  let staged: StagedHost;
  const job = (messageId?: string) => {
    const handle = staged.client.entity(Job, 'A');
    return messageId === undefined ? handle : staged.client.call(handle, { messageId });
  };
  const begin = async (build = 'b1'): Promise<void> => {
    staged = await StagedHost.start({ entities: [Job], store, build });
  };
  /** The entity exists, then processes die of an input. */
  const dieOf = async (input: string, dying: { times?: number; build?: string } = {}): Promise<void> => {
    await staged.stop();
    await die(store, input, dying);
    ran = [];
    await begin();
  };

  beforeEach(async () => {
    ran = [];
    store = memoryStore();
    await begin();
    await job().note('first');
  });
  afterEach(() => staged.stop());

  it('is not run: an update is answered internal, on the record, and everything else serves (S20, S13)', async () => {
    await dieOf('message =m1');
    await expect(job('m1').add('bad')).rejects.toMatchObject({ code: 'internal', reason: 'poison' });
    await expect(job('m1').add('bad')).rejects.toMatchObject({ code: 'internal', reason: 'poison' });
    expect(await job('m2').add('good')).toBe(2);
    expect(ran).not.toContain('bad');
    await staged.restart({ build: 'b2' });
    await expect(job('m1').add('bad')).rejects.toMatchObject({ code: 'internal' });
    expect(await job().seen(9)).toEqual(['first', 'good']);
    await staged.stop();
    expect(await suspicions(store)).toEqual([]);
  });

  it('is run after one death, and then suspected no more (S20)', async () => {
    await dieOf('message =m1', { times: 1 });
    expect(await job('m1').add('slow')).toBe(2);
    await staged.stop();
    expect(await suspicions(store)).toEqual([]);
  });

  it('holds the entity when it is a signal, until a new build runs it (S20, S19)', async () => {
    await dieOf('message =m1');
    await job('m1').note('bad');
    expect(await staged.client.describe(job())).toMatchObject({
      status: 'held',
      held: { input: 'signal note', failure: { code: 'internal', message: expect.stringContaining('did not end') } },
    });
    await staged.advance(3_600_000);
    await staged.restart();
    await staged.advance(3_600_000);
    expect(ran).not.toContain('bad');
    expect(await job().seen(9)).toEqual(['first']);
    await staged.restart({ build: 'b2' });
    expect(await job().seen(9)).toEqual(['first', 'bad']);
    await staged.stop();
    expect(await suspicions(store)).toEqual([]);
  });

  it('holds the entity when it is a timer, and an operator may have it run all the same (S20, S19)', async () => {
    await staged.client.submit(job()).add('later');
    const [timer] = (await staged.client.describe(job())).timers;
    await dieOf(`timer ${timer?.effect}`);
    await staged.advance(60_000);
    expect(await staged.client.describe(job())).toMatchObject({
      status: 'held',
      held: { input: `timer ${timer?.effect}` },
    });
    await staged.client.resume(job());
    await staged.settle();
    expect(await staged.client.describe(job())).toMatchObject({ status: 'active', held: null });
    await staged.stop();
    expect(await suspicions(store)).toEqual([]);
  });

  it('is a query that is answered internal and not run (S20)', async () => {
    await dieOf(queryName('seen', encodeValue([9], { classes: 'plain' })));
    await expect(job().seen(9)).rejects.toMatchObject({ code: 'internal', reason: 'poison' });
    expect(await job().seen(8)).toEqual(['first']);
    expect(ran.filter((step) => step === 'seen')).toHaveLength(1);
  });

  it('is a message whose arguments are not built any more, refused on the record (S20, S13)', async () => {
    await dieOf('arguments =m1');
    await expect(job('m1').note('bad')).rejects.toMatchObject({ code: 'internal', reason: 'poison' });
    expect(await job('m2').add('good')).toBe(2);
    await staged.restart({ build: 'b2' });
    await expect(job('m1').note('bad')).rejects.toMatchObject({ code: 'internal' });
  });

  it('creates nothing where it would have created the entity (S20, S21)', async () => {
    await staged.stop();
    store = memoryStore();
    await die(store, 'message =m1');
    ran = [];
    await begin();
    await expect(job('m1').note('bad')).rejects.toMatchObject({ code: 'internal', reason: 'poison' });
    await expect(job().seen(9)).rejects.toMatchObject({ code: 'not_found' });
    expect(ran).toEqual([]);
  });

  it.each(['replay', 'conditions'])(
    'quarantines an entity whose %s is poison, as diverged (S20, S25)',
    async (input) => {
      await job().wait();
      await dieOf(input);
      await expect(job().seen(9)).rejects.toMatchObject({ code: 'internal', reason: 'divergence' });
      expect(await staged.client.count({ type: Job, status: ['diverged'] })).toBe(1);
      expect(ran).toEqual([]);
      await staged.restart({ build: 'b2' });
      expect(await job().seen(9)).toEqual(['first']);
      expect(await staged.client.count({ type: Job, status: ['diverged'] })).toBe(0);
    },
  );

  it('is loaded all the same when an operator resumes the entity (S20)', async () => {
    await dieOf('replay');
    await expect(job().seen(9)).rejects.toMatchObject({ reason: 'divergence' });
    await staged.client.resume(job());
    expect(await job().seen(9)).toEqual(['first']);
  });

  it('is found in the row that a careful session wrote before the step (S20)', async () => {
    await dieOf('message =other', { times: 3 });
    const writes: unknown[] = [];
    await staged.stop();
    const careful: HistoryStore = {
      open: async () => {
        const session = await store.open();
        const { running } = session;
        const write: typeof running.write = async (order, step) => {
          writes.push(step?.input ?? null);
          return running.write(order, step);
        };
        return Object.assign(session, { running: { ...running, stable: 0, write } });
      },
    };
    staged = await StagedHost.start({ entities: [Job], store: careful });
    expect(await job('m1').add('good')).toBe(2);
    expect(writes.slice(-2)).toEqual(['message =m1', null]);
    await staged.advance(30_000);
    writes.length = 0;
    expect(await job('m2').add('good')).toBe(3);
    expect(writes).toEqual([]);
  });
});
