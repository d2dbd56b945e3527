import 'reflect-metadata';
import { inspect } from 'node:util';
import { encodeValue } from '../../framework/codec/value';
import { ActivityFailure, EntityFailure, PerdureError } from '../../framework/errors';
import { Entity, Query, Signal, Update } from '../../framework/model/decorators';
import { Indexed } from '../../framework/model/field-decorators';
import { decodeOperationId } from '../wire/operation-id';
import { connect, memory } from './index';
import type { HistoryEntry, Operation } from './index';
import { outcomeOf, scripted } from './scripted-transport.fixture';

@Entity('loyalty')
class Loyalty {
  @Indexed('keyword') tier: 'basic' | 'gold' = 'basic';
  @Indexed('int') points = 0;
  @Indexed('time') joined = new Date(0);
  notes: string[] = [];

  @Signal() earned(points: number): void {
    this.points += points;
  }
  @Update() redeem(points: number): number {
    return (this.points -= points);
  }
  @Query() balance(): number {
    return this.points;
  }
  async run(): Promise<void> {}
}

const coded = (code: string, more: object = {}): Error => expect.objectContaining({ code, ...more }) as Error;

describe('a handle', () => {
  it('sends signals, updates and queries by the class or the contract, and gives the decoded result', async () => {
    const { transport, client } = scripted({ namespace: 'shop' });
    const loyalty = client.entity(Loyalty, 'C-42');
    const left: Promise<number> = loyalty.redeem(7);
    void loyalty.earned(1);
    void loyalty.balance();
    expect(transport.message(0)).toMatchObject({
      key: { namespace: 'shop', type: 'loyalty', id: 'C-42' },
      message: 'update',
      method: 'redeem',
      submit: false,
    });
    expect(transport.args(0)).toEqual([7]);
    expect([1, 2].map((i) => transport.message(i).message)).toEqual(['signal', 'query']);
    transport.sent[0]!.answer(93);
    expect(await left).toBe(93);
  });

  it('is never taken for a promise, and can be printed, compared and serialised without a call', async () => {
    const { transport, client } = scripted();
    const loyalty = client.entity(Loyalty, 'C-42');
    expect(await Promise.resolve(loyalty)).toBe(loyalty);
    expect(inspect(loyalty)).toBe('EntityHandle(loyalty/C-42)');
    expect(JSON.stringify({ loyalty })).toBe('{"loyalty":{}}');
    expect(loyalty).not.toEqual(client.entity(Loyalty, 'C-43').redeem);
    expect(`${String('earned' in loyalty)} ${String('then' in loyalty)} ${String('run' in loyalty)}`).toBe(
      'true false false',
    );
    expect(loyalty.redeem).toBe(loyalty.redeem);
    expect(() => Object.assign(loyalty, { redeem: null })).toThrow(TypeError);
    expect(transport.sent).toEqual([]);
  });

  it('answers run and unknown methods with invalid_argument that names what there is', async () => {
    const { transport, client } = scripted();
    const loyalty = client.entity(Loyalty, 'C-42') as unknown as Record<string, () => Promise<unknown>>;
    await expect(loyalty['tierOf']!()).rejects.toThrow(coded('invalid_argument'));
    await expect(loyalty['tierOf']!()).rejects.toThrow(
      'loyalty has no signal, update or query tierOf: call one of balance, earned, redeem',
    );
    await expect(loyalty['run']!()).rejects.toThrow('starts with its first message');
    expect(transport.sent).toEqual([]);
  });

  it('is refused for a bad id, something that is no entity, and by functions that were given no handle', async () => {
    const { client } = scripted();
    for (const id of ['', 'x'.repeat(513), '\ud800', 7 as never]) {
      expect(() => client.entity(Loyalty, id)).toThrow(coded('invalid_argument'));
    }
    expect(() => client.entity(class Plain {}, 'x')).toThrow(coded('invalid_argument'));
    expect(() => client.entity(undefined as never, 'x')).toThrow(coded('invalid_argument'));
    expect(() => client.call({}, {})).toThrow(coded('invalid_argument'));
    await expect(client.describe(null as never)).rejects.toThrow(coded('invalid_argument'));
  });
});

describe('arguments', () => {
  it('are encoded at the call: what the caller changes later is not sent (S10)', () => {
    const { transport, handle } = scripted();
    const note = { lines: [1, 2] };
    void handle.deposit(5, note);
    note.lines.push(3);
    expect(transport.args(0)).toEqual([5, { lines: [1, 2] }]);
  });

  it('may be instances of classes, which travel as their fields', () => {
    class Note {
      constructor(readonly text: string) {}
    }
    const { transport, handle } = scripted();
    void handle.deposit(5, new Note('hi'));
    expect(transport.args(0)).toEqual([5, { text: 'hi' }]);
  });

  it('that cannot be encoded are invalid_argument with their path, before anything is sent (S10)', async () => {
    const { transport, handle } = scripted();
    const call = handle.deposit(5, { lines: [{ done: () => 0 }] });
    await expect(call).rejects.toThrow(coded('invalid_argument'));
    await expect(call).rejects.toThrow('account.deposit arguments[1].lines[0].done is a function');
    expect(transport.sent).toEqual([]);
    void handle.deposit(1);
    expect(transport.message(0).id).toMatchObject({ n: 1 });
  });

  it('over the limit are too_large, before anything is sent', async () => {
    const { transport, handle } = scripted();
    await expect(handle.deposit(5, new Uint8Array(1_048_577))).rejects.toThrow(coded('too_large'));
    await handle.deposit
      .bind(null)(5, 'x'.repeat(2_000_000))
      .catch(() => undefined);
    expect(transport.sent).toEqual([]);
    const small = scripted({ maxPayloadBytes: 100 });
    await expect(small.handle.deposit(5, 'x'.repeat(100))).rejects.toThrow(coded('too_large'));
    void small.handle.deposit(5, 'x'.repeat(80));
    expect(small.transport.sent.length).toBe(1);
  });
});

describe('call()', () => {
  it('tells by onReply whether the message had been applied before, and where (S11)', async () => {
    const { transport, client, handle } = scripted();
    const replies: unknown[] = [];
    const terms = client.call(handle, { messageId: 'm', onReply: (reply) => replies.push(reply) });
    const [first, again, refused] = [terms.deposit(1), terms.deposit(1), terms.deposit(2)];
    transport.sent[0]!.answer(undefined, { seq: 4 });
    transport.sent[1]!.answer(undefined, { seq: 4, duplicate: true });
    transport.sent[2]!.refuse('conflict');
    await Promise.all([first, again, expect(refused).rejects.toThrow(coded('conflict'))]);
    expect(replies).toEqual([
      { duplicate: false, seq: 4, level: 'committed' },
      { duplicate: true, seq: 4, level: 'committed' },
      { duplicate: false, seq: 0, level: 'committed' },
    ]);
  });

  it('refuses bad ids and durations at once', () => {
    const { client, handle } = scripted();
    expect(() => client.call(handle, { messageId: '' })).toThrow(coded('invalid_argument'));
    expect(() => client.call(handle, { timeout: '5 parsecs' as never })).toThrow(coded('invalid_argument'));
    expect(() => client.submit(handle, { messageId: 'x'.repeat(513) })).toThrow(coded('invalid_argument'));
  });

  it('rejects with what onReply throws', async () => {
    const { transport, client, handle } = scripted();
    const call = client
      .call(handle, {
        onReply: () => {
          throw new TypeError('mine');
        },
      })
      .deposit(1);
    transport.sent[0]!.answer(undefined);
    await expect(call).rejects.toThrow('mine');
  });
});

describe('submit()', () => {
  it('resolves with an operation once the message is durable, to be followed from any client (S16)', async () => {
    const { transport, client, handle } = scripted();
    const pending = client.submit(handle, { messageId: 'order-1' }).redeem(5);
    expect(transport.message(0)).toMatchObject({ submit: true, message: 'update', id: { given: 'order-1' } });
    transport.sent[0]!.answer(undefined);
    const operation: Operation<string> = await pending;
    expect(decodeOperationId(operation.id)).toEqual({
      key: { namespace: 'default', type: 'account', id: 'A-1' },
      id: { given: 'order-1' },
    });
    const other = scripted();
    const followed = other.client.operation<string>(operation.id);
    const [status, result] = [followed.status(), followed.result()];
    expect(other.transport.sent.map(({ request }) => request)).toMatchObject([
      { op: 'operation', id: { given: 'order-1' }, wait: false },
      { op: 'operation', id: { given: 'order-1' }, wait: true },
    ]);
    other.transport.sent[0]!.answer('pending');
    expect(await status).toBe('pending');
    await other.clock.advance(40 * 86_400_000);
    expect(await outcomeOf(result)).toBe('pending');
    other.transport.sent[1]!.answer('sent');
    expect(await result).toBe('sent');
  });

  it('gives an operation too when the update has failed already: its result rejects', async () => {
    const { transport, client, handle } = scripted();
    const pending = client.submit(handle).redeem(5);
    transport.sent[0]!.refuse('failed', 'insufficient');
    const operation = await pending;
    const result = operation.result();
    transport.sent[1]!.refuse('failed', 'insufficient');
    await expect(result).rejects.toThrow(coded('failed', { reason: 'insufficient' }));
  });

  it('rejects what was not accepted, queries, and ids that are none', async () => {
    const { transport, client, handle } = scripted();
    const pending = client.submit(handle).redeem(5);
    transport.sent[0]!.refuse('rejected');
    await expect(pending).rejects.toThrow(coded('rejected'));
    await expect(client.submit(handle).balance()).rejects.toThrow(coded('invalid_argument'));
    expect(() => client.operation('nonsense')).toThrow(coded('invalid_argument'));
  });
});

describe('operators', () => {
  it('describe, hold, resume, skip, terminate and await results by handle', async () => {
    const { transport, client, handle } = scripted();
    const key = { namespace: 'default', type: 'account', id: 'A-1' };
    const described = client.describe(handle);
    const done = [client.hold(handle, 'look'), client.resume(handle), client.skip(handle), client.terminate(handle)];
    const result = client.result<number>(client.call(handle, {}));
    expect(transport.sent.map(({ request }) => request)).toEqual([
      { op: 'describe', key },
      { op: 'operator', key, action: 'hold', reason: 'look' },
      { op: 'operator', key, action: 'resume', reason: '' },
      { op: 'operator', key, action: 'skip', reason: '' },
      { op: 'operator', key, action: 'terminate', reason: '' },
      { op: 'result', key },
    ]);
    transport.sent[0]!.answer({ status: 'held', seq: 4 });
    transport.sent.slice(1, 5).forEach((sent) => sent.answer(null));
    transport.sent[5]!.answer(12);
    expect(await described).toEqual({ status: 'held', seq: 4 });
    expect(await Promise.all(done)).toEqual([undefined, undefined, undefined, undefined]);
    expect(await result).toBe(12);
  });

  it('complete a promise with a value, or fail it with an EntityFailure', async () => {
    const { transport, client, handle } = scripted();
    void client.completePromise(handle, 'approval', { by: 'ann' });
    void client.completePromise(handle, 'approval', new EntityFailure('refused', 'no', { by: 'bob' }));
    expect(transport.sent.map(({ request }) => request)).toMatchObject([
      { op: 'promise', name: 'approval', outcome: { ok: true, value: encodeValue({ by: 'ann' }) } },
      { op: 'promise', outcome: { ok: false, failure: { kind: 'entity', code: 'refused', message: 'no' } } },
    ]);
    await expect(client.completePromise(handle, 'p', new TypeError('x'))).rejects.toThrow(coded('invalid_argument'));
    await expect(client.completePromise(handle, 'p', () => 0)).rejects.toThrow('value of promise p is a function');
    await expect(client.completePromise(handle, '', 1)).rejects.toThrow(coded('invalid_argument'));
    expect(transport.sent.length).toBe(2);
  });
});

describe('the directory', () => {
  const index = {
    status: 'active',
    wakeAt: null,
    open: false,
    fields: { points: 5 },
    build: 'b',
    createdAt: 1,
    updatedAt: 2,
  };
  const page = (from: number, count: number, next: string | null) => ({
    entities: Array.from({ length: count }, (_, i) => ({ id: `E-${from + i}`, index, seq: 3 })),
    next,
  });

  it('lists by typed conditions, page after page, only as far as it is read', async () => {
    const { transport, client } = scripted();
    const found = client.list({
      type: Loyalty,
      where: { tier: 'gold', points: { gt: 100, lte: 900 }, joined: { gte: new Date(7) } },
      status: ['active', 'held'],
      orderBy: { field: 'points', descending: true },
      limit: 250,
    });
    expect(transport.sent.length).toBe(0);
    const first = found.next();
    expect(transport.sent[0]!.request).toEqual({
      op: 'list',
      query: {
        namespace: 'default',
        type: 'loyalty',
        status: ['active', 'held'],
        where: { tier: { eq: 'gold' }, points: { gt: 100, lte: 900 }, joined: { gte: 7 } },
        orderBy: { field: 'points', descending: true },
        limit: 200,
      },
    });
    transport.sent[0]!.answer(page(0, 200, 'token'));
    expect((await first).value).toEqual({
      type: 'loyalty',
      id: 'E-0',
      status: 'active',
      fields: { points: 5 },
      seq: 3,
      build: 'b',
      createdAt: 1,
      updatedAt: 2,
    });
    for (let i = 1; i < 200; i += 1) await found.next();
    expect(transport.sent.length).toBe(1);
    const next = found.next();
    expect(transport.sent[1]!.request).toMatchObject({ query: { limit: 50, after: 'token' } });
    transport.sent[1]!.answer(page(200, 50, 'more'));
    await next;
    const rest: string[] = [];
    for await (const { id } of found) rest.push(id);
    expect([rest.length, transport.sent.length]).toEqual([49, 2]);
  });

  it('counts, by the name of a type too', async () => {
    const { transport, client } = scripted();
    const counted = client.count({ type: 'loyalty', where: { tier: null, points: 3 } });
    const where = { tier: { eq: null }, points: { eq: 3 } };
    expect(transport.sent[0]!.request).toEqual({
      op: 'count',
      filter: { namespace: 'default', type: 'loyalty', where },
    });
    transport.sent[0]!.answer(42);
    expect(await counted).toBe(42);
  });

  it('does not compile with fields or values that the class lacks, and refuses them where types were not asked', async () => {
    const { client } = scripted();
    const bad = [
      // @ts-expect-error: no such field
      client.count({ type: Loyalty, where: { level: 3 } }),
      // @ts-expect-error: not a value of the field
      client.count({ type: Loyalty, where: { tier: 'silver' } }),
      // @ts-expect-error: cannot be indexed
      client.count({ type: Loyalty, where: { notes: ['a'] } }),
      // @ts-expect-error: no such test
      client.count({ type: Loyalty, where: { points: { like: 3 } } }),
      client.count({ type: 'loyalty', where: { points: {} } }),
      client.count({ type: 'loyalty', where: { points: Number.NaN } }),
      client.count({ type: 'loyalty', where: { points: { gt: null as never } } }),
    ];
    const outcomes = await Promise.all(bad.map((one) => outcomeOf(one)));
    expect(outcomes.slice(0, 2)).toEqual(['pending', 'pending']);
    for (const outcome of outcomes.slice(2)) expect(outcome).toMatchObject({ code: 'invalid_argument' });
    await expect(client.list({ type: Loyalty, limit: 0 }).next()).rejects.toThrow(coded('invalid_argument'));
  });

  it('reads a history to its end, or as far as it is asked', async () => {
    const { transport, client, handle } = scripted();
    const entry = (seq: number) => ({ seq, index: 0, kind: 'apply', time: 1, build: 'b', input: 'run', detail: {} });
    const seqs: number[] = [];
    const read = (async () => {
      for await (const one of client.history(handle, { fromSeq: 3, limit: 3 }))
        seqs.push((one satisfies HistoryEntry).seq);
    })();
    expect(transport.sent[0]!.request).toMatchObject({ op: 'history', fromSeq: 3, limit: 3 });
    transport.sent[0]!.answer({ entries: [entry(3), entry(4)], next: 5 });
    while (transport.sent.length < 2) await Promise.resolve();
    expect(transport.sent[1]!.request).toMatchObject({ op: 'history', fromSeq: 5, limit: 1 });
    transport.sent[1]!.answer({ entries: [entry(5), entry(6)], next: 7 });
    await read;
    expect(seqs).toEqual([3, 4, 5]);
    await expect(client.history(handle, { fromSeq: 0 }).next()).rejects.toThrow(coded('invalid_argument'));
  });
});

describe('connect()', () => {
  it('reaches the host that was handed the same memory(), and shows its failures with their causes (S18)', async () => {
    const hub = memory();
    await hub.serve('default', ['loyalty'], async (request) => {
      if (request.op === 'message' && request.method === 'redeem') {
        throw new EntityFailure('insufficient', 'has 3', { has: 3 }, new ActivityFailure('down', 'no card'));
      }
      return { ok: true, value: encodeValue(request.op), duplicate: false, seq: 1 };
    });
    const perdure = await connect(hub);
    const loyalty = perdure.entity(Loyalty, 'C-42');
    expect(await loyalty.balance()).toBe('message');
    const error: PerdureError = await loyalty.redeem(5).then(
      () => new PerdureError('internal', 'succeeded'),
      (thrown: PerdureError) => thrown,
    );
    expect(error).toMatchObject({ code: 'failed', reason: 'insufficient', message: 'has 3', details: { has: 3 } });
    expect(error.cause).toMatchObject({ failure: 'activity', code: 'down' });
    await perdure.close();
    const again = await connect(hub);
    expect(await again.entity(Loyalty, 'C-42').balance()).toBe('message');
    await again.close();
  });
});
