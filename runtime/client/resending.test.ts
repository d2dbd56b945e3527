import { decodeOperationId } from '../wire/operation-id';
import { PerdureError } from '../../framework/errors';
import { contract } from '../../framework/model/handle';
import type { MessageId } from '../../framework/model/identity';
import { fixedEntropy, notServed, outcomeOf, scripted } from './scripted-transport.fixture';

const session = (id: MessageId | null) => {
  if (id === null || !('session' in id)) throw new Error('not an id of the session');
  return id;
};
const coded = (code: string, more: object = {}): Error => expect.objectContaining({ code, ...more }) as Error;
const ticks = async () => {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
};

describe('identities', () => {
  it('are 22 characters of session and an n that counts from 1 over all entities (S11)', () => {
    const { transport, client, handle } = scripted();
    void handle.deposit(1);
    void client.entity(contract<{ go(): void }>('cart', { go: 'update' }), 'x').go();
    void handle.redeem(2);
    expect(session(transport.message(0).id)).toEqual({ session: 'AAECAwQFBgcICQoLDA0ODw', n: 1, doneBelow: 1 });
    expect(session(transport.message(1).id)).toMatchObject({ n: 2, doneBelow: 1 });
    expect(session(transport.message(2).id)).toMatchObject({ n: 3, doneBelow: 1 });
  });

  it('declare done what lies below the lowest n not answered, in whatever order answers come (S11)', async () => {
    const { transport, handle } = scripted();
    const calls = [1, 2, 3, 4].map((n) => handle.deposit(n));
    transport.sent[1]!.answer(undefined);
    transport.sent[2]!.answer(undefined);
    await calls[1];
    await calls[2];
    void handle.deposit(5);
    expect(session(transport.message(-1).id)).toMatchObject({ n: 5, doneBelow: 1 });
    transport.sent[0]!.answer(undefined);
    await calls[0];
    void handle.deposit(6);
    expect(session(transport.message(-1).id)).toMatchObject({ n: 6, doneBelow: 4 });
    for (const sent of transport.sent) sent.answer(undefined);
    await ticks();
    void handle.deposit(7);
    expect(session(transport.message(-1).id)).toMatchObject({ n: 7, doneBelow: 7 });
  });

  it('keep doneBelow in step with a model over random calls and answers (S11)', async () => {
    const seed = Date.now() % 1_000_000;
    console.log(`seed ${seed}`);
    let state = seed;
    const random = () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
    const { transport, handle } = scripted();
    const open = new Map<number, number>();
    for (let step = 0; step < 2_000; step += 1) {
      if (random() < 0.5 || open.size === 0) {
        void handle.deposit(step);
        const { n, doneBelow } = session(transport.message(-1).id);
        open.set(n, transport.sent.length - 1);
        expect(doneBelow).toBe(Math.min(...open.keys()));
      } else {
        const [n, index] = [...open][Math.floor(random() * open.size)]!;
        transport.sent[index]!.answer(undefined);
        open.delete(n);
        await ticks();
      }
    }
  });

  it('are absent from queries, and do not count where the caller gave one', () => {
    const { transport, client, handle } = scripted();
    void handle.balance();
    void client.call(handle, { messageId: 'trip-981' }).deposit(1);
    void client.call(handle, { messageId: 'trip-981' }).balance();
    void handle.deposit(1);
    expect(transport.message(0).id).toBeNull();
    expect(transport.message(1).id).toEqual({ given: 'trip-981' });
    expect(transport.message(2).id).toBeNull();
    expect(session(transport.message(3).id).n).toBe(1);
  });
});

describe('resending', () => {
  it('sends the same id again with the next attempt number after `unavailable`, doubling its pause (S13)', async () => {
    const { transport, clock, handle } = scripted();
    const call = handle.deposit(5);
    const at: number[] = [];
    for (let attempt = 1; attempt <= 9; attempt += 1) {
      expect(transport.message(-1)).toMatchObject({ attempt, id: { n: 1, doneBelow: 1 } });
      expect(transport.args(-1)).toEqual([5]);
      transport.sent.at(-1)!.refuse('unavailable');
      await ticks();
      const before = transport.sent.length;
      await clock.advanceTo(clock.nextDue()!);
      expect(transport.sent.length).toBe(before + 1);
      at.push(clock.monotonicMs());
    }
    expect(at.map((time, i) => time - (at[i - 1] ?? 0))).toEqual([10, 20, 40, 80, 160, 320, 640, 1_000, 1_000]);
    transport.sent.at(-1)!.answer(undefined);
    await call;
    expect(clock.pending).toBe(0);
  });

  it('spreads its pauses by at most their second half', async () => {
    const { transport, clock, handle } = scripted({ entropy: fixedEntropy(0.5) });
    void handle.deposit(5);
    transport.sent[0]!.refuse('unavailable');
    await ticks();
    await clock.advance(14);
    expect(transport.sent.length).toBe(1);
    await clock.advance(1);
    expect(transport.sent.length).toBe(2);
  });

  it('raises the attempt number only for sends that somebody may have received (C14)', async () => {
    const { transport, clock, handle } = scripted();
    void handle.deposit(5);
    transport.sent[0]!.lose(notServed());
    await clock.advance(50);
    expect(transport.message(1).attempt).toBe(1);
    transport.sent[1]!.lose(new PerdureError('unavailable', 'connection lost'));
    await clock.advance(50);
    expect(transport.message(2).attempt).toBe(2);
  });

  it('does not raise it for a host that owns the shard no more, which even a skip outlives (C14)', async () => {
    const { transport, clock, client, handle } = scripted();
    void handle.deposit(5);
    void client.skip(handle);
    transport.sent.forEach((sent) => sent.refuse('unavailable', 'moved'));
    await ticks();
    await clock.advance(50);
    expect(transport.message(2).attempt).toBe(1);
    expect(transport.sent[3]!.request).toMatchObject({ op: 'operator', action: 'skip' });
    transport.sent[2]!.refuse('unavailable');
    await ticks();
    await clock.advance(50);
    expect(transport.message(4).attempt).toBe(2);
  });

  it('declares done on a resend what has been answered meanwhile', async () => {
    const { transport, clock, handle } = scripted();
    const first = handle.deposit(1);
    void handle.deposit(2);
    transport.sent[1]!.refuse('unavailable');
    transport.sent[0]!.answer(undefined);
    await first;
    await clock.advance(50);
    expect(transport.message(2)).toMatchObject({ attempt: 2, id: { n: 2, doneBelow: 2 } });
  });

  it('asks a query again freely, and repeats what operators ask but never a skip that may have been received', async () => {
    const { transport, clock, client, handle } = scripted();
    void handle.balance();
    void client.describe(handle);
    void client.hold(handle);
    const skip = client.skip(handle);
    const lost = client.skip(handle);
    transport.sent.slice(0, 4).forEach((sent) => sent.refuse('unavailable'));
    transport.sent[4]!.lose(notServed());
    await expect(skip).rejects.toThrow(coded('unavailable'));
    await clock.advance(50);
    expect(transport.sent.slice(5).map(({ request }) => request.op)).toEqual([
      'message',
      'describe',
      'operator',
      'operator',
    ]);
    transport.sent[8]!.answer(undefined);
    await lost;
  });

  it.each(['rejected', 'held', 'internal', 'conflict', 'failed', 'resource_exhausted'])(
    'gives %s to the caller at once',
    async (code) => {
      const { transport, clock, handle } = scripted();
      const call = handle.deposit(5);
      transport.sent[0]!.refuse(code, 'why');
      await expect(call).rejects.toThrow(coded(code, { reason: 'why' }));
      expect([transport.sent.length, clock.pending]).toEqual([1, 0]);
    },
  );

  it.each(['final', 'divergence'])('gives an `unavailable` that no resend cures to the caller: %s', async (reason) => {
    const { transport, handle } = scripted();
    const call = handle.deposit(5);
    transport.sent[0]!.refuse('unavailable', reason);
    await expect(call).rejects.toThrow(coded('unavailable', { reason }));
    expect(transport.sent.length).toBe(1);
  });
});

describe('deadlines', () => {
  it('end a call after 30 s by default, with an unknown outcome and the way to a safe retry', async () => {
    const { clock, handle } = scripted();
    const call = handle.deposit(5);
    await clock.advance(29_999);
    expect(await outcomeOf(call)).toBe('pending');
    await clock.advance(11);
    await expect(call).rejects.toThrow(coded('deadline_exceeded', { retry: 'same-id', operation: undefined }));
    await expect(call).rejects.toThrow(
      'signal deposit of account/A-1 had no answer within 30000 ms; the outcome is unknown: ' +
        'a call that must be safe to send again needs a messageId: perdure.call(handle, { messageId })',
    );
    expect(clock.pending).toBe(0);
  });

  it('name the id to send again with, where the caller gave it', async () => {
    const { clock, client, handle } = scripted();
    const call = client.call(handle, { messageId: 'trip-1', timeout: '5s' }).deposit(5);
    void call.catch(() => undefined);
    await clock.advance(5_010);
    await expect(call).rejects.toThrow('send it again with messageId "trip-1"');
  });

  it('of a submitted update carry the operation to ask (S16)', async () => {
    const { clock, client, handle } = scripted();
    const call = client.submit(handle, { timeout: 100 }).redeem(5);
    void call.catch(() => undefined);
    await clock.advance(110);
    const error = await call.then(
      () => null,
      (thrown: PerdureError) => thrown,
    );
    expect(error?.code).toBe('deadline_exceeded');
    expect(decodeOperationId(error?.operation ?? '')).toMatchObject({ key: { id: 'A-1' }, id: { n: 1 } });
  });

  it('end resending, declare the message done, and ignore what comes late (S11)', async () => {
    const { transport, clock, client, handle } = scripted();
    const call = client.call(handle, { timeout: 100 }).deposit(5);
    void call.catch(() => undefined);
    transport.sent[0]!.refuse('unavailable');
    await clock.advance(200);
    const sends = transport.sent.length;
    await expect(call).rejects.toThrow(coded('deadline_exceeded'));
    transport.sent.at(-1)!.answer(undefined);
    await clock.advance(60_000);
    expect(transport.sent.length).toBe(sends);
    void handle.deposit(6);
    expect(session(transport.message(-1).id)).toMatchObject({ n: 2, doneBelow: 2 });
  });

  it('tell the transport that nobody wants the reply any more', async () => {
    const { transport, clock, client, handle } = scripted();
    const call = client.call(handle, { timeout: 100 }).deposit(5);
    void call.catch(() => undefined);
    expect(transport.sent[0]!.wanted?.ended).toBe(false);
    await clock.advance(110);
    await expect(call).rejects.toThrow(coded('deadline_exceeded'));
    expect(transport.sent[0]!.wanted?.ended).toBe(true);
  });

  it('say `unavailable` when nobody can have received the message', async () => {
    const { transport, clock, client, handle } = scripted();
    const call = client.call(handle, { timeout: 15 }).deposit(5);
    void call.catch(() => undefined);
    transport.sent[0]!.lose(notServed());
    await ticks();
    await clock.advance(10);
    transport.sent[1]!.lose(notServed());
    await clock.advance(20);
    await expect(call).rejects.toThrow(coded('unavailable', { reason: 'not_served' }));
    await expect(call).rejects.toThrow('nothing was applied: no host serves account');
  });

  it('of many calls share one timer, and each call ends within 10 ms of its own', async () => {
    const { clock, client, handle } = scripted();
    const ended: [number, number][] = [];
    for (let i = 1_000; i > 0; i -= 1) {
      const call = client.call(handle, { timeout: i * 7 }).deposit(i);
      void call.catch(() => ended.push([i * 7, clock.monotonicMs()]));
    }
    expect(clock.pending).toBe(1);
    await clock.advance(8_000);
    expect(ended.length).toBe(1_000);
    for (const [due, at] of ended) {
      expect(at).toBeGreaterThanOrEqual(due);
      expect(at).toBeLessThan(due + 11);
    }
    expect(clock.pending).toBe(0);
  });
});

describe('stopping to wait', () => {
  it('rejects with cancelled when the signal fires: the message is not taken back, nor sent again', async () => {
    const { transport, clock, client, handle } = scripted();
    const control = new AbortController();
    const call = client.call(handle, { signal: control.signal }).deposit(5);
    transport.sent[0]!.refuse('unavailable');
    await ticks();
    control.abort(new Error('enough'));
    await expect(call).rejects.toThrow(coded('cancelled', { reason: 'aborted' }));
    await clock.advance(60_000);
    expect([transport.sent.length, clock.pending]).toEqual([1, 0]);
  });

  it('sends nothing when the signal had fired', async () => {
    const { transport, client, handle } = scripted();
    await expect(client.call(handle, { signal: AbortSignal.abort() }).deposit(5)).rejects.toThrow(coded('cancelled'));
    expect(transport.sent).toEqual([]);
    void handle.deposit(1);
    expect(session(transport.message(0).id).n).toBe(1);
  });

  it('on close ends every wait, those without a deadline too, and refuses new calls', async () => {
    const { transport, clock, client, handle } = scripted();
    const waits = [handle.deposit(5), handle.balance(), client.result(handle)];
    const all = Promise.allSettled(waits);
    await ticks();
    await client.close();
    for (const wait of await all) expect(wait).toMatchObject({ reason: { code: 'unavailable', reason: 'closed' } });
    await expect(handle.deposit(6)).rejects.toThrow(coded('unavailable', { reason: 'closed' }));
    await client.close();
    expect([transport.sent.length, clock.pending]).toEqual([3, 0]);
  });

  it('refuses calls beyond the bound of those in flight, until some are answered', async () => {
    const { transport, handle } = scripted({ maxInFlight: 2 });
    const first = handle.deposit(1);
    void handle.deposit(2);
    await expect(handle.deposit(3)).rejects.toThrow(coded('resource_exhausted'));
    transport.sent[0]!.answer(undefined);
    await first;
    void handle.deposit(4);
    expect(session(transport.message(-1).id).n).toBe(3);
  });
});

describe('order', () => {
  it('sends awaited calls to one entity one after another, a resent one before the next (C15)', async () => {
    const { transport, clock, handle } = scripted();
    const done = (async () => {
      await handle.deposit(1);
      await handle.deposit(2);
    })();
    transport.sent[0]!.refuse('unavailable');
    await ticks();
    expect(transport.sent.length).toBe(1);
    await clock.advance(10);
    transport.sent[1]!.answer(undefined);
    await ticks();
    transport.sent[2]!.answer(undefined);
    await done;
    expect([0, 1, 2].map((i) => transport.args(i))).toEqual([[1], [1], [2]]);
  });
});
