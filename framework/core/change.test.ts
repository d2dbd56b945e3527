import { Driver, KEY, drain, scenario } from './entity-driver.fixture';
import { decodeRecord, recordHash } from '../codec/record';
import type { PerdureError } from '../errors';
import { Entity, Signal, Update } from '../model/decorators';
import { definitionOf } from '../model/definition';
import type { EntityClass } from '../model/definition';
import { activities, enqueue } from './activities';
import { patched, sideEffect, sleep } from './functions';
import type { CoreEnvironment } from './instance';
import { Replay } from './replay';
import { digestRecord, snapshotRecord } from './turn';

interface Work {
  a(): Promise<number>;
  b(): Promise<number>;
}
const work = activities<Work>('work');

@Entity('changing')
class First {
  total = 0;
  gone = 'g';
  @Signal() add(n: number): void {
    this.total += n;
  }
  @Update() async slow(): Promise<number> {
    this.total += await work.a();
    await sleep(1_000);
    return this.total;
  }
}

async function started(ctor: EntityClass = First): Promise<Driver> {
  const d = new Driver(ctor);
  await d.send('add', [1]);
  return d;
}

async function divergence(d: Driver, ctor: EntityClass): Promise<PerdureError> {
  return d.replayed(definitionOf(ctor)).then(
    () => Promise.reject(new Error('it did not diverge')),
    (error: unknown) => error as PerdureError,
  );
}

describe('snapshots', () => {
  scenario('define the state at their seq and end replay there (S24)', async (options) => {
    const d = new Driver(First, options);
    await d.send('add', [1]);
    await d.snapshot();
    await d.send('add', [2]);
    const replay = new Replay(KEY, d.definition, d.environment);
    for (const row of d.rows.slice(1)) await replay.record(decodeRecord(row), recordHash(row), true);
    expect((replay.instance?.object as First).total).toBe(3);
    expect(replay.turnsSinceSnapshot).toBe(1);
    expect(replay.build).toBe('build-1');
  });

  it('are refused while an invocation is parked (S24)', async () => {
    const d = await started();
    d.post('slow');
    await d.settle();
    expect(() => snapshotRecord(d.instance, { seq: 9, epoch: 1, prev: null })).toThrow('no invocation is parked');
  });

  it('are checked by a replay that passes them, and then win (S24, S25)', async () => {
    @Entity('changing')
    class Doubling extends Bare {
      @Signal() add(n: number): void {
        this.total += 2 * n;
      }
    }
    const d = new Driver(First, { maxStateBytes: 1_000_000 });
    await d.send('add', [1]);
    await d.snapshot();
    const unchecked = new Replay(KEY, definitionOf(Doubling), d.environment);
    for (const row of d.rows) await unchecked.record(decodeRecord(row), recordHash(row), false);
    expect((unchecked.instance?.object as First).total).toBe(1);
    const checked = new Replay(KEY, definitionOf(Doubling), d.environment);
    const [turn, snapshot] = d.rows as [Uint8Array, Uint8Array];
    await checked.record(decodeRecord(turn), recordHash(turn), false);
    await expect(checked.record(decodeRecord(snapshot), recordHash(snapshot), true)).rejects.toThrow(
      'fields total differ',
    );
  });
});

class Bare {
  total = 0;
  gone = 'g';
}

describe('divergence', () => {
  it('names the field that an ungated change made different, and the cures (S25)', async () => {
    @Entity('changing')
    class Doubling extends Bare {
      @Signal() add(n: number): void {
        this.total += 2 * n;
      }
    }
    const d = await started();
    const error = await divergence(d, Doubling);
    expect(error).toMatchObject({ code: 'internal', reason: 'divergence' });
    expect(error.details).toMatchObject({ fields: ['total'], replayed: { total: 2 }, seq: 1, index: 0 });
    expect(error.message).toContain("patched('id')");
    expect(error.message).toContain('reset the entity');
  });

  it('names what was recorded and what this build does: other effects, other ends, failures (S26)', async () => {
    const d = await started();
    const id = d.post('slow');
    await d.settle();
    await d.finish('a', 1);
    await d.advance(1_000);
    expect(d.outcomeOf(id).state).toBe('done');
    const make = (slow: (this: First) => Promise<number>): EntityClass => {
      @Entity('changing')
      class Other extends Bare {
        @Signal() add(n: number): void {
          this.total += n;
        }
        @Update() async slow(): Promise<number> {
          return slow.call(this);
        }
      }
      return Other;
    };
    expect(
      (
        await divergence(
          d,
          make(() => work.b()),
        )
      ).message,
    ).toContain('recorded: activity work.a of invocation 2; this build: activity work.b of invocation 2');
    expect(
      (
        await divergence(
          d,
          make(async () => 1),
        )
      ).message,
    ).toContain('this build: invocation 2 succeeds');
    const shorter = make(async function () {
      this.total += await work.a();
      return this.total;
    });
    expect((await divergence(d, shorter)).message).toContain('recorded: timer sleep  of invocation 2');
    const longer = make(async function () {
      enqueue(work).b();
      this.total += await work.a();
      return 0;
    });
    expect((await divergence(d, longer)).message).toContain('this build: enqueued activity work.b');
    const more = make(async function () {
      this.total += await work.a();
      await sleep(1);
      await sleep(1);
      return 0;
    });
    expect((await divergence(d, more)).message).toContain('recorded: invocation 2 succeeds; this build: timer sleep');
    const failing = make(() => Promise.reject(new TypeError('broken build')));
    expect((await divergence(d, failing)).message).toContain('this build: it fails with broken build');
    const drawing = make(async () => sideEffect(() => 1));
    expect((await divergence(d, drawing)).message).toContain('sideEffect() number 1 of invocation 2 is not recorded');
  });

  it('is found where the class lost a method that its history calls (S26)', async () => {
    @Entity('changing')
    class Without extends Bare {
      @Signal() other(): void {}
    }
    expect((await divergence(await started(), Without)).message).toContain('this build has no method add()');
  });

  it('is found by a digest row where a snapshot is not legal (S25)', async () => {
    const d = await started();
    d.post('slow');
    await d.settle();
    const record = digestRecord(d.instance, {
      seq: d.seq,
      epoch: 1,
      prev: { seq: 2, epoch: 1, hash: recordHash(d.rows[1] as Uint8Array) },
    });
    const replay = new Replay(KEY, d.definition, d.environment);
    for (const row of d.rows) await replay.record(decodeRecord(row), recordHash(row), false);
    await replay.record(record, new Uint8Array(16), true);
    const wrong = { ...record, digest: Uint32Array.from(record.digest, (hash) => hash + 1) };
    const again = new Replay(KEY, d.definition, d.environment);
    for (const row of d.rows) await again.record(decodeRecord(row), recordHash(row), false);
    await expect(again.record(wrong, new Uint8Array(16), true)).rejects.toThrow('the fields gone, total differ');
  });
});

describe('a broken chain', () => {
  it('is refused: a missing record, a missing birth, entries before birth (S26a)', async () => {
    const d = await started();
    await d.send('add', [1]);
    await d.send('add', [1]);
    const [first, second, third] = d.rows as [Uint8Array, Uint8Array, Uint8Array];
    const replay = new Replay(KEY, d.definition, d.environment);
    await replay.record(decodeRecord(first), recordHash(first), true);
    await expect(replay.record(decodeRecord(third), recordHash(third), true)).rejects.toThrow('its chain is broken');
    const headless = new Replay(KEY, d.definition, d.environment);
    await expect(headless.record(decodeRecord(second), recordHash(second), true)).rejects.toThrow('has no birth');
    const unborn = new Replay(KEY, d.definition, d.environment);
    await expect(unborn.entries(1, d.allEntries())).rejects.toThrow('an entry before its birth');
  });
});

describe('digests', () => {
  it('are taken every turn of a small state, else every 32nd, and a schema is named once (S25)', async () => {
    @Entity('sized')
    class Sized {
      text = '';
      @Signal() fill(bytes: number): void {
        this.text = 'x'.repeat(bytes);
      }
    }
    const d = new Driver(Sized);
    for (let n = 0; n < 40; n += 1) await d.send('fill', [n < 3 ? n : 5_000 + n]);
    const digested = d.records().flatMap((one) => (one.kind === 'turn' && one.digest !== null ? [one.seq] : []));
    expect(digested).toEqual([1, 2, 3, 32]);
    expect(d.records().flatMap((one) => (one.kind === 'turn' && one.schema !== null ? [one.seq] : []))).toEqual([1]);
  });

  it('are taken of a turn that only admitted, right after a load (S25)', async () => {
    const d = await started();
    await d.restart();
    d.instance.bytes = null;
    await d.operator('hold');
    await d.restart();
    await d.send('add', [1]);
    expect(d.records().every((one) => one.kind === 'turn' && one.digest !== null)).toBe(true);
  });
});

describe('patched', () => {
  it('is recorded at its first live call and decided once in an invocation (S27)', async () => {
    @Entity('changing')
    class Gated extends Bare {
      @Signal() add(n: number): void {
        this.total += patched('twice') && patched('twice') ? n : 0;
      }
    }
    const d = await started(Gated);
    expect(d.state['total']).toBe(1);
    const patches = d.allEntries().flatMap((one) => (one.kind === 'apply' ? one.consequences : []));
    expect(patches.filter(({ kind }) => kind === 'patch')).toEqual([
      { kind: 'patch', owner: 1, id: 'twice', value: true },
    ]);
  });

  scenario('is false in invocations begun before, true in new ones, and stays as decided (S27)', async (options) => {
    @Entity('changing')
    class Gated extends Bare {
      @Signal() add(n: number): void {
        this.total += patched('double') ? 2 * n : n;
        if (patched('double')) this.gone += '!';
      }
      @Update() async slow(): Promise<number> {
        this.total += await work.a();
        await sleep(1_000);
        return patched('slow') ? -1 : this.total;
      }
    }
    const d = new Driver(First, options);
    await d.send('add', [1]);
    const old = d.post('slow');
    await d.settle();
    await d.finish('a', 5);
    await d.deploy(Gated);
    await d.advance(1_000);
    expect(d.outcomeOf(old)).toEqual({ state: 'done', value: -1 });
    await d.send('add', [10]);
    expect(d.state).toEqual({ total: 26, gone: 'g!' });
  });

  scenario(
    'replayed without a recorded decision it is false from then on in that invocation (S27)',
    async (options) => {
      @Entity('changing')
      class Gated extends Bare {
        @Signal() add(n: number): void {
          this.total += n;
        }
        @Update() async slow(): Promise<number> {
          this.total += patched('early') ? 100 : 0;
          this.total += await work.a();
          await sleep(1_000);
          return patched('early') ? -1 : this.total;
        }
      }
      const d = new Driver(First, options);
      await d.send('add', [1]);
      const old = d.post('slow');
      await d.settle();
      await d.deploy(Gated);
      await d.finish('a', 5);
      await d.advance(1_000);
      expect(d.outcomeOf(old)).toEqual({ state: 'done', value: 6 });
    },
  );
});

it('a state that this code cannot encode is a fault of the next step, not a crash (S3)', async () => {
  const environment: CoreEnvironment = {
    drain,
    build: 'b',
    checked: () => false,
    log: () => undefined,
    maxStateBytes: 1_000,
  };
  const d = await started();
  const replay = new Replay(KEY, d.definition, environment);
  for (const row of d.rows) await replay.record(decodeRecord(row), recordHash(row), false);
  if (replay.instance !== null) d.instance = replay.instance;
  (d.instance.object as { total: unknown }).total = () => 1;
  d.instance.bytes = null;
  expect((await d.send('slow')).state).toBe('failed');
  expect(d.rebuilds).toBe(1);
  expect(d.state['total']).toBe(1);
});
