import { PerdureError } from '../../framework/errors';
import { ROUTES_ASKS, SILENCE_MS } from '../config';
import { FaultDial, PROFILES } from '../sim/faults/fault-profile';
import { pump } from '../sim/world/pump.fixture';
import { SimClock } from '../sim/world/sim-clock';
import { SimSubjects } from '../sim/network/sim-messenger';
import { SimNetwork } from '../sim/network/sim-network';
import { SimProcess } from '../sim/world/sim-process';
import { World } from '../sim/world/world';
import { ManualClock } from '../testing/manual-clock';
import type { Reply, Request } from '../wire/envelope';
import type { Frame, Owner, RequestsFrame } from '../wire/frame';
import { FrameServer } from './frame-server';
import { RoutedTransport } from './routed-transport';
import { ScriptedMessenger } from './scripted-messenger.fixture';
import { message, transportContract } from './transport.contract';

transportContract('the routed transport over the simulated network without faults', async () => {
  const world = new World({ seed: 1 });
  const subjects = new SimSubjects(new SimNetwork(world, new FaultDial(PROFILES.calm)));
  const end = (name: string) => {
    const process = new SimProcess(world, name);
    return { messenger: subjects.messengerOf(process), clock: new SimClock(process) };
  };
  const routes = { session: 's-1', shards: 4, answered: true, owner: () => ({ session: 's-1', epoch: 1 }) };
  return {
    caller: new RoutedTransport(end('client')),
    host: new FrameServer({ ...end('host'), routes }),
    close: pump(world),
  };
});

const ok = (byte: number): Reply => ({ ok: true, value: Uint8Array.of(byte), duplicate: false, seq: 1 });
const coded = (code: string, reason?: string): Error => expect.objectContaining({ code, reason }) as Error;
const [a5, b6]: Owner[] = [
  { session: 'a', epoch: 5 },
  { session: 'b', epoch: 6 },
];

function routed(maxPayloadBytes?: number) {
  const messenger = new ScriptedMessenger(maxPayloadBytes);
  const clock = new ManualClock({ now: 0 });
  const transport = new RoutedTransport({ messenger, clock });
  const settle = () => clock.advance(0);
  /** Rejections are the test's to look at, later. */
  const ask = (request: Request, wanted?: { ended: boolean }): Promise<Reply> => {
    const asked = transport.request(request, null, wanted);
    asked.catch(() => undefined);
    return asked;
  };
  /** There is one shard. */
  const routes = async (owner: Owner | null) => {
    const owners = owner === null ? [] : ([[0, 0, owner.epoch]] as const);
    const hosts = owner === null ? [] : [owner.session];
    messenger.hear('inbox', { kind: 'routes', session: 'r', shards: 1, hosts, owners });
    await settle();
  };
  return { messenger, clock, transport, settle, ask, routes };
}

/** Has sent a first request, number 1, to host a. */
async function asked() {
  const made = routed();
  const first = made.ask(message('cart', 'first'));
  await made.routes(a5!);
  expect(made.messenger.taken()).toEqual(['ask to routes', 'requests to host.a']);
  return { ...made, first };
}

const requestsOf = (frame: Frame | undefined): RequestsFrame => {
  if (frame?.kind !== 'requests') throw new Error(`a ${frame?.kind} frame holds no requests`);
  return frame;
};
const methods = (frame: Frame | undefined): string[] =>
  requestsOf(frame).requests.map(({ request }) => (request.op === 'message' ? request.method : request.op));

describe('the routed transport', () => {
  it('tells at once what this process may not send, whether it asks for owners or sends a request', async () => {
    const refusal = new PerdureError('permission_denied', 'not you');
    const { messenger, ask, routes, settle } = routed();
    const early = ask(message('cart', 'm'));
    messenger.sent[0]?.unheard(refusal);
    await expect(early).rejects.toBe(refusal);
    const late = ask(message('cart', 'm'));
    await routes(a5!);
    await settle();
    messenger.sent[2]?.unheard(refusal);
    await expect(late).rejects.toBe(refusal);
  });

  it('asks the hosts for owners once, however many wait, and sends them in one frame in their order (C14, C15)', async () => {
    const { messenger, ask, routes, settle } = routed();
    for (const name of ['m1', 'm2', 'm3']) void ask(message('cart', name));
    await settle();
    expect(messenger.taken()).toEqual(['ask to routes']);
    await routes(a5!);
    expect(messenger.sent.map(({ subject }) => subject)).toEqual(['host.a']);
    expect(methods(messenger.sent[0]!.frame)).toEqual(['m1', 'm2', 'm3']);
    expect(requestsOf(messenger.sent[0]!.frame).requests.map(({ n }) => n)).toEqual([1, 2, 3]);
  });

  it('never asks again while its hints are good, and sends what is called in one tick in one frame (C14)', async () => {
    const { messenger, ask, settle } = await asked();
    void ask(message('cart', 'm1'));
    await Promise.resolve();
    void ask(message('account', 'm2'));
    await settle();
    expect(messenger.sent.length).toBe(1);
    expect(methods(messenger.sent[0]!.frame)).toEqual(['m1', 'm2']);
    void ask(message('cart', 'm3'));
    await settle();
    expect(methods(messenger.sent[1]!.frame)).toEqual(['m3']);
  });

  it('takes replies by their numbers, in any order', async () => {
    const { messenger, ask, first, settle } = await asked();
    const second = ask(message('cart', 'm2'));
    await settle();
    messenger.answer({ kind: 'reply', n: 2, reply: ok(2) }, { kind: 'reply', n: 1, reply: ok(1) });
    expect([await first, await second]).toEqual([ok(1), ok(2)]);
  });

  it('ignores a reply that comes twice, and has no timer when nobody waits', async () => {
    const { messenger, clock, ask, first, settle } = await asked();
    messenger.answer({ kind: 'reply', n: 1, reply: ok(1) });
    await first;
    expect(clock.pending).toBe(0);
    const second = ask(message('cart', 'm2'));
    await settle();
    messenger.answer({ kind: 'reply', n: 1, reply: ok(1) });
    messenger.answer({ kind: 'reply', n: 2, reply: ok(2) });
    expect(await second).toEqual(ok(2));
    expect(clock.pending).toBe(0);
  });

  it('sends on at once, as another number and the same attempt, what a host declines for a newer owner (C14)', async () => {
    const { messenger, first, settle } = await asked();
    messenger.answer({ kind: 'moved', n: 1, owner: b6! });
    await settle();
    expect(messenger.sent.map(({ subject }) => subject)).toEqual(['host.b']);
    const [again] = requestsOf(messenger.sent[0]!.frame).requests;
    expect(again).toMatchObject({ n: 2, request: { method: 'first', attempt: 1 } });
    messenger.answer({ kind: 'moved', n: 1, owner: null });
    messenger.answer({ kind: 'reply', n: 2, reply: ok(1) });
    expect(await first).toEqual(ok(1));
  });

  it.each([
    ['no owner', null],
    ['an older owner', { session: 'z', epoch: 4 }],
    ['itself', a5!],
  ])('says that nobody acted on what a host declines with %s, and asks before the next (C14)', async (_, owner) => {
    const { messenger, ask, first, settle } = await asked();
    messenger.answer({ kind: 'moved', n: 1, owner });
    await expect(first).rejects.toThrow(coded('unavailable', 'not_served'));
    void ask(message('cart', 'next'));
    await settle();
    expect(messenger.taken()).toEqual(['ask to routes']);
  });

  it('says that nobody acted on what nobody listened to, and asks before the next (C14)', async () => {
    const { messenger, ask, settle, routes } = routed();
    const first = ask(message('cart', 'first'));
    await routes(a5!);
    messenger.sent[1]!.unheard();
    await expect(first).rejects.toThrow(coded('unavailable', 'not_served'));
    messenger.taken();
    void ask(message('cart', 'next'));
    await settle();
    expect(messenger.taken()).toEqual(['ask to routes']);
    await routes(a5!);
    expect(messenger.taken()).toEqual(['requests to host.a']);
  });

  it('takes silence of 2 s for an unknown outcome, asks before the next, and drops the late reply (S13, C14)', async () => {
    const { messenger, clock, ask, first, settle } = await asked();
    await clock.advance(SILENCE_MS - 1);
    void ask(message('cart', 'second'));
    await settle();
    expect(messenger.taken()).toEqual(['requests to host.a']);
    await clock.advance(1);
    await expect(first).rejects.toThrow(coded('unavailable'));
    const third = ask(message('cart', 'third'));
    await settle();
    expect(messenger.taken()).toEqual(['ask to routes']);
    messenger.answer({ kind: 'reply', n: 1, reply: ok(1) });
    await clock.advance(SILENCE_MS);
    await expect(third).rejects.toThrow(coded('unavailable', 'not_served'));
    expect(clock.pending).toBe(0);
  });

  it('waits on while the host says that it is at work, and tells it what nobody waits for', async () => {
    const { messenger, clock, ask, first, settle } = await asked();
    const wanted = { ended: false };
    void ask(message('cart', 'second'), wanted);
    await settle();
    messenger.taken();
    for (let i = 0; i < 10; i += 1) {
      await clock.advance(SILENCE_MS - 1);
      messenger.answer({ kind: 'working', n: 1 }, { kind: 'working', n: 2 });
    }
    expect(messenger.taken()).toEqual([]);
    wanted.ended = true;
    messenger.answer({ kind: 'working', n: 1 }, { kind: 'working', n: 2 });
    expect(messenger.sent).toMatchObject([
      { subject: 'host.a', frame: { kind: 'unwanted', from: 'inbox', numbers: [2] } },
    ]);
    messenger.answer({ kind: 'reply', n: 1, reply: ok(1) });
    expect(await first).toEqual(ok(1));
    expect(clock.pending).toBe(0);
  });

  it('says that nobody acted on what never left: no host answers, or none knows the owner (C14)', async () => {
    const { messenger, clock, ask, routes, settle } = routed();
    const nobody = ask(message('cart', 'm'));
    messenger.sent[0]!.unheard();
    await expect(nobody).rejects.toThrow(coded('unavailable', 'not_served'));
    const silence = ask(message('cart', 'm'));
    messenger.sent[0]!.unheard();
    await clock.advance(SILENCE_MS);
    await expect(silence).rejects.toThrow(coded('unavailable', 'not_served'));
    const unowned = ask(message('cart', 'm'));
    await routes(null);
    await expect(unowned).rejects.toThrow(coded('unavailable', 'not_served'));
    await settle();
    expect(messenger.taken()).toEqual(Array.from({ length: 2 + ROUTES_ASKS }, () => 'ask to routes'));
    expect(clock.pending).toBe(0);
  });

  it('puts its question again when whom it reached is silent, and gives it up for no refusal but the last (C14)', async () => {
    const { messenger, clock, ask, routes } = routed();
    const first = ask(message('cart', 'm'));
    const [question] = messenger.sent;
    expect(messenger.taken()).toEqual(['ask to routes']);
    await clock.advance(SILENCE_MS / ROUTES_ASKS - 1);
    expect(messenger.taken()).toEqual([]);
    await clock.advance(1);
    expect(messenger.taken()).toEqual(['ask to routes']);
    question!.unheard();
    await routes(a5!);
    expect(messenger.taken()).toEqual(['requests to host.a']);
    messenger.answer({ kind: 'reply', n: 1, reply: ok(1) });
    expect(await first).toEqual(ok(1));
    expect(clock.pending).toBe(0);
  });

  it('does not send what nobody waits for any more by the time an owner is known', async () => {
    const { messenger, transport, ask, routes } = routed();
    const control = new AbortController();
    void ask(message('cart', 'm1'), { ended: true });
    const aborted = transport.request(message('cart', 'm2'), control.signal);
    control.abort();
    await expect(aborted).rejects.toThrow(coded('cancelled'));
    await routes(a5!);
    expect(messenger.taken()).toEqual(['ask to routes']);
  });

  it('sends what needs no owner to a host that has answered (C14)', async () => {
    const { messenger, ask, settle } = await asked();
    void ask({ op: 'count', filter: { namespace: 'default', type: 'cart' } });
    await settle();
    expect(messenger.taken()).toEqual(['requests to host.r']);
  });

  it('refuses what no frame can hold, and sends in several frames what one cannot (C14)', async () => {
    const { messenger, ask, routes } = routed(65_536 + 4_096);
    const sized = (method: string, bytes: number) => message('cart', method, { args: new Uint8Array(bytes) });
    await expect(ask(sized('m', 3_500))).rejects.toThrow(coded('too_large'));
    for (const name of ['m1', 'm2', 'm3']) void ask(sized(name, 1_200));
    await routes(a5!);
    expect(messenger.sent.slice(1).map(({ frame }) => methods(frame))).toEqual([['m1', 'm2'], ['m3']]);
  });

  it('waits for the last part of a table of owners that comes in several (C14)', async () => {
    const { messenger, ask, settle } = routed();
    void ask(message('cart', 'm'));
    const part = { kind: 'routes', session: 'r', shards: 1 } as const;
    messenger.hear('inbox', { ...part, hosts: [], owners: [], more: true });
    await settle();
    expect(messenger.taken()).toEqual(['ask to routes']);
    messenger.hear('inbox', { ...part, hosts: ['a'], owners: [[0, 0, 5]] });
    await settle();
    expect(messenger.taken()).toEqual(['requests to host.a']);
  });

  it('says in several frames what nobody waits for, where one cannot hold it (C14)', async () => {
    const { messenger, ask, routes, settle } = routed(65_536 + 4_096);
    const wanted = { ended: false };
    for (let n = 1; n <= 1_000; n += 1) void ask(message('cart', 'm'), wanted);
    await routes(a5!);
    messenger.sent.splice(0);
    wanted.ended = true;
    messenger.answer(...Array.from({ length: 1_000 }, (_, n) => ({ kind: 'working', n: n + 1 }) as const));
    await settle();
    const numbers = messenger.sent.map(({ frame }) => (frame.kind === 'unwanted' ? frame.numbers : []));
    expect(numbers.length).toBeGreaterThan(1);
    expect(numbers.flat()).toEqual(Array.from({ length: 1_000 }, (_, n) => n + 1));
  });

  it('ends every wait when it is closed, and refuses what is asked then', async () => {
    const { messenger, clock, transport, ask, first, settle } = await asked();
    const leaving = ask(message('cart', 'second'));
    transport.close();
    for (const wait of [first, leaving, ask(message('cart', 'third'))]) {
      await expect(wait).rejects.toThrow(coded('unavailable', 'final'));
    }
    await settle();
    expect([messenger.taken(), messenger.listening.size, clock.pending]).toEqual([[], 0, 0]);
  });
});
