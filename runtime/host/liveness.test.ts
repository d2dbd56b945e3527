/** What is due happens, and whoever asks is answered, whatever came between. */

import 'reflect-metadata';
import { IsInt } from 'class-validator';
import { encodeValue } from '../../framework/codec/value';
import {
  Entity,
  Query,
  Signal,
  Update,
  activities,
  condition,
  enqueue,
  promise,
  sideEffect,
  sleep,
} from '../../framework';
import { ROW_KIND } from '../../framework/core/history';
import { SEGMENT_IDS } from '../../framework/core/limits';
import { serve } from '../node';
import type { HistoryStore, StoreSession } from '../ports/history-store';
import { memoryStore } from '../store/memory-store';
import { StagedHost } from './staged-host.fixture';

const work = activities<{ echo(text: string): Promise<string> }>('work');
const bugs = { active: false };

@Entity('job')
class Job {
  steps: string[] = [];
  open = false;

  @Update() note(step: string): number {
    return this.steps.push(step);
  }
  @Signal() trip(step: string): void {
    this.steps.push(step);
    if (bugs.active) throw new TypeError('a bug');
  }
  @Update({ interleave: true }) async approved(): Promise<string> {
    return promise<string>('approval');
  }
  @Update() async slow(step: string): Promise<string> {
    await sleep('1 hour');
    return step;
  }
  @Query() seen(): string[] {
    return this.steps;
  }
}

@Entity('lamp')
class Lamp {
  lit = false;
  ran = 0;

  @Signal() light(): void {
    this.lit = true;
  }
  @Query() seen(): number {
    return this.ran;
  }
  async run() {
    this.ran = 1;
    await condition(() => this.lit);
    this.ran = 2;
    await condition(() => false);
  }
}

type Batch = Parameters<StoreSession['append']>[0];

/** The store, but for what its sessions do with records: `append` gets them and the way to the store itself. */
function altered(store: HistoryStore, append: (batch: Batch, session: StoreSession) => unknown): HistoryStore {
  return {
    ...store,
    open: async () =>
      new Proxy(await store.open(), {
        get: (session, name) => {
          if (name === 'append') return (batch: Batch) => append(batch, session);
          const value: unknown = Reflect.get(session, name);
          return typeof value === 'function' ? (value.bind(session) as unknown) : value;
        },
      }),
  };
}

/** Takes the first `rows` records of each entity and never answers for a later one, as a crash before it would. */
function cutOff(store: HistoryStore, rows: number): HistoryStore {
  return altered(store, (batch, session) =>
    batch.some(({ row }) => row.seq > rows) ? new Promise(() => undefined) : session.append(batch),
  );
}

let staged: StagedHost;
afterEach(async () => {
  bugs.active = false;
  await staged.stop();
});

describe('what a crash cut off', () => {
  const lamp = () => staged.client.entity(Lamp, 'A');
  async function crashAfter(rows: number, calls: () => Promise<unknown>): Promise<void> {
    const store = memoryStore();
    staged = await StagedHost.start({ entities: [Lamp], store: cutOff(store, rows), limits: { turnSteps: 1 } });
    await calls();
    await new Promise<void>((done) => staged.clock.drain(done));
    await staged.restart({ store });
  }

  it('begins run() after a crash right behind the creating message, with no further message (S21)', async () => {
    await crashAfter(1, () => lamp().light());
    expect(staged.isResident('lamp', 'A')).toBe(true);
    expect(await lamp().seen()).toBe(2);
  });

  it('releases a condition that became true right before a crash (S6)', async () => {
    await crashAfter(2, () => lamp().light());
    expect(staged.isResident('lamp', 'A')).toBe(true);
    expect(await lamp().seen()).toBe(2);
  });
});

describe('a store that throws', () => {
  it('costs the entities in that batch their memory, not the host; the next sending is applied once (S13)', async () => {
    let throws = 1;
    const store = altered(memoryStore(), async (batch, session) => {
      if (throws-- > 0) throw new RangeError('a record too large for it');
      return session.append(batch);
    });
    staged = await StagedHost.start({ entities: [Job], store });
    const answer = staged.client.entity(Job, 'A').note('a');
    await staged.settle();
    await staged.advance(1_000);
    expect(await answer).toBe(1);
    expect(staged.errors.map(({ message }) => message)).toContain(
      'the store took no records: their outcome is unknown',
    );
  });
});

describe('an entity at rest', () => {
  beforeEach(async () => (staged = await StagedHost.start({ entities: [Job] })));
  const job = () => staged.client.entity(Job, 'A');

  it('is one that was resumed without being held', async () => {
    await job().note('a');
    await staged.client.resume(job());
    await staged.clock.breathe();
    expect(staged.busy('job', 'A')).toBe(false);
  });

  it('is one that an operator holds while its held input was about to be tried again', async () => {
    await job().note('0');
    bugs.active = true;
    await job().trip('a');
    await staged.client.hold(job(), 'wait');
    await staged.clock.advance(2_000);
    await staged.clock.breathe();
    expect(staged.busy('job', 'A')).toBe(false);
    bugs.active = false;
    await staged.client.resume(job());
    await staged.settle();
    expect(await job().seen()).toEqual(['0', 'a']);
  });
});

describe('promises completed from outside', () => {
  beforeEach(async () => (staged = await StagedHost.start({ entities: [Job] })));
  const job = () => staged.client.entity(Job, 'A');

  it('are completed once, though two complete them at the same moment', async () => {
    const answers = [job().approved(), job().approved()];
    await staged.settle();
    const told = await Promise.allSettled([
      staged.client.completePromise(job(), 'approval', 'yes'),
      staged.client.completePromise(job(), 'approval', 'no'),
    ]);
    expect(await Promise.all(answers)).toEqual(['yes', 'yes']);
    expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('are admitted once while the entity is held (S2)', async () => {
    await job().note('a');
    await staged.client.hold(job());
    await staged.client.completePromise(job(), 'approval', 'yes');
    await staged.client.completePromise(job(), 'approval', 'yes');
    await expect(staged.client.completePromise(job(), 'approval', 'no')).rejects.toMatchObject({ code: 'conflict' });
    expect(await staged.client.describe(job())).toMatchObject({ admitted: 1 });
  });
});

describe('operations', () => {
  beforeEach(async () => (staged = await StagedHost.start({ entities: [Job], limits: { snapshotTurns: 1 } })));
  const job = () => staged.client.entity(Job, 'A');

  it('are answered when their caller-given id is in a segment that is not in memory (S11, S16)', async () => {
    const calls = Array.from({ length: SEGMENT_IDS + 10 }, (_, n) =>
      staged.client.submit(job(), { messageId: `m${n}` }).note(`${n}`),
    );
    const [first] = await Promise.all(calls);
    await job().note('last');
    await staged.restart();
    const status = first?.status();
    const shown = await Promise.race([status, staged.settle().then(() => 'no answer')]);
    expect(shown).toBe('succeeded');
    expect(await first?.result()).toBe(1);
  });

  it('are answered while a snapshot is being written that seals a segment of ids (S11, S12)', async () => {
    await staged.stop();
    const { store, hold } = snapshotsHeldUp(memoryStore());
    staged = await StagedHost.start({
      entities: [Job],
      store,
      limits: { snapshotTurns: 4, segmentIds: 2 },
    });
    const given = (n: number) => staged.client.call(job(), { messageId: `m${n}` }).note(`${n}`);
    for (let n = 1; n <= 6; n += 1) expect(await given(n)).toBe(n);
    await staged.restart();
    const write = hold();
    expect(await job().note('7')).toBe(7);
    expect(await job().note('8')).toBe(8);
    const again = given(6);
    for (let turn = 0; turn < 20; turn += 1) await staged.clock.breathe();
    write();
    expect(await again).toBe(6);
    expect(staged.errors).toEqual([]);
  });

  it('keep the outcome of a held message, whose caller was given the operation (S16, S19)', async () => {
    await job().note('0');
    bugs.active = true;
    await job().trip('a');
    const held = await job()
      .note('b')
      .catch((error: unknown) => error as { code: string; operation: string });
    expect(held).toMatchObject({ code: 'held' });
    bugs.active = false;
    await staged.client.resume(job());
    await staged.settle();
    expect(await job().note('c')).toBe(4);
    expect(await staged.client.operation((held as { operation: string }).operation).result()).toBe(3);
  });
});

describe('what does not fit', () => {
  @Entity('large')
  class Large {
    calls = 0;
    @Update() answer(length: number): string {
      this.calls += 1;
      return 'x'.repeat(length);
    }
    @Update() async ask(length: number): Promise<string> {
      this.calls += 1;
      return work.echo('x'.repeat(length));
    }
    @Update() draw(length: number): number {
      this.calls += 1;
      return sideEffect(() => 'x'.repeat(length)).length;
    }
    @Update() askOften(times: number): void {
      this.calls += 1;
      for (let n = 0; n < times; n += 1) enqueue(work).echo('x'.repeat(1_000_000));
    }
    @Update() goOn(length: number): string {
      try {
        enqueue(work).echo('x'.repeat(length));
      } catch {
        enqueue(work).echo('less');
      }
      return 'went on';
    }
    @Query() seen(): number {
      return this.calls;
    }
  }
  const large = () => staged.client.entity(Large, 'A');
  beforeEach(async () => {
    staged = await StagedHost.start({ entities: [Large], activities: [serve(work, { echo: async () => 'done' })] });
  });

  it('into a record is refused with its name, and the step is undone (S17)', async () => {
    const over = 1_048_577;
    await expect(large().answer(over)).rejects.toMatchObject({ code: 'too_large' });
    await expect(large().ask(over)).rejects.toMatchObject({ code: 'too_large' });
    await expect(large().draw(over)).rejects.toThrow(/large\/A draw\(\): the result of sideEffect\(\) has .* bytes/);
    await expect(large().askOften(17)).rejects.toThrow('what one step asks for');
    expect(await large().goOn(17 * over)).toBe('went on');
    expect(await large().answer(1_000)).toHaveLength(1_000);
    expect(await large().seen()).toBe(1);
  });

  it('into arguments because they are no encoded list is refused, at whichever attempt (S13)', async () => {
    await large().answer(1);
    const key = { namespace: 'default', type: 'large', id: 'A' };
    for (const attempt of [1, 2]) {
      const args = Uint8Array.of(255, 254);
      const id = { given: `m${attempt}` };
      const message = {
        op: 'message',
        key,
        message: 'update',
        method: 'answer',
        args,
        id,
        attempt,
        submit: false,
      } as const;
      expect(await staged.transport.request(message, null)).toMatchObject({ ok: false });
    }
    expect(await large().seen()).toBe(1);
  });
});

describe('a refusal of a later attempt', () => {
  it('is recorded for a key that does not exist too (S13, S21)', async () => {
    class Order {
      @IsInt() size!: number;
    }
    @Entity('shelf')
    class Shelf {
      size = 0;
      @Update() put(order: Order): number {
        return (this.size += order.size);
      }
    }
    staged = await StagedHost.start({ entities: [Shelf] });
    const key = { namespace: 'default', type: 'shelf', id: 'A' };
    const send = (size: unknown, attempt: number) =>
      staged.transport.request(
        {
          op: 'message',
          key,
          message: 'update',
          method: 'put',
          args: encodeValue([{ size }]),
          id: { session: 's', n: 1, doneBelow: 1 },
          attempt,
          submit: false,
        },
        null,
      );
    expect(await send('x', 2)).toMatchObject({ ok: false, error: { code: 'invalid_argument' } });
    expect(await send(1, 1)).toMatchObject({ ok: false, error: { code: 'invalid_argument' } });
  });
});

/** A store that writes no snapshot between `hold` and the call of what it answers. */
function snapshotsHeldUp(store: HistoryStore): { readonly store: HistoryStore; readonly hold: () => () => void } {
  let held: Promise<void> | null = null;
  const open = async (): Promise<StoreSession> => {
    const session = await store.open();
    const write = session.append.bind(session);
    const append: StoreSession['append'] = async (batch) => {
      if (batch.some(({ row }) => row.kind === ROW_KIND.snapshot)) await held;
      return write(batch);
    };
    return Object.assign(session, { append });
  };
  const hold = (): (() => void) => {
    let go: () => void = () => undefined;
    held = new Promise((resolve) => (go = resolve));
    return go;
  };
  return { store: { open }, hold };
}
