import { INBOX_IN_FLIGHT, INBOX_LOOK_MS } from '../../config';
import { silentLog } from '../../ports/telemetry';
import { ManualClock } from '../../testing/manual-clock';
import type { MessageRequest, Reply, Request } from '../../wire/envelope';
import { InboxDrain } from './drain';
import { CART, contents, signal } from './inbox.contract';
import { MemoryInbox } from './memory-inbox';

const OK: Reply = { ok: true, value: new Uint8Array(), duplicate: false, seq: 1 };
const no = (code: string, reason: string | null = null, duplicate = false): Reply => ({
  ok: false,
  duplicate,
  error: { code, message: `it is ${code}`, reason, details: null, operation: null, cause: null } as never,
});

interface Asked {
  readonly message: MessageRequest;
  answer(reply: Reply): Promise<void>;
}

/** A drain whose handler answers when the test says so. */
function draining() {
  const clock = new ManualClock({ now: 0 });
  const inbox = new MemoryInbox(() => 0);
  const asked: Asked[] = [];
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const answer = (request: Request): Promise<Reply> =>
    new Promise((resolve) =>
      asked.push({
        message: request as MessageRequest,
        answer: (reply) => {
          resolve(reply);
          return settle();
        },
      }),
    );
  const start = (): InboxDrain => new InboxDrain({ inbox, address: CART, answer, clock, log: silentLog });
  const ids = (): string[] => asked.map(({ message }) => `${message.key.id}:${message.args[0]}`);
  return { clock, inbox, asked, ids, settle, start };
}

const named = ({ key, args }: MessageRequest): string => `${key.id}:${args[0]}`;

describe('a drain (C16)', () => {
  it('hands over what is there, keys side by side, and of one key the next only after the one before has left (C15)', async () => {
    const { inbox, asked, ids, settle, start } = draining();
    const all = [signal('a'), signal('a'), signal('b'), signal('a')];
    for (const message of all) await inbox.put(message);
    start();
    await settle();
    expect(ids()).toEqual([all[0], all[2]].map((one) => named(one!)));
    await asked[0]!.answer(OK);
    expect(await contents(inbox)).toEqual(all.slice(1));
    expect(ids().slice(2)).toEqual([named(all[1]!)]);
    await asked[1]!.answer(OK);
    await asked[2]!.answer(no('held'));
    await asked[3]!.answer(OK);
    expect(await contents(inbox)).toEqual([]);
    expect(await inbox.nextDead(CART, 0)).toBeNull();
  });

  it('hands over as a later attempt, so that a refusal is recorded (S13)', async () => {
    const { inbox, asked, settle, start } = draining();
    await inbox.put(signal('a'));
    await inbox.put(signal('b', { attempt: 5 }));
    start();
    await settle();
    expect(asked.map(({ message }) => message.attempt)).toEqual([2, 5]);
  });

  it('buries what is refused for good, and goes on with the next of the key', async () => {
    const { inbox, asked, ids, settle, start } = draining();
    const [first, second] = [signal('a'), signal('a')];
    for (const message of [first, second]) await inbox.put(message);
    start();
    await settle();
    await asked[0]!.answer(no('rejected'));
    expect(await inbox.nextDead(CART, 0)).toMatchObject({ message: first, error: { message: 'it is rejected' } });
    expect(ids()).toEqual([named(first), named(second)]);
  });

  it.each([
    ['unavailable', null],
    ['resource_exhausted', null],
    ['deadline_exceeded', null],
    ['internal', 'corrupt'],
    ['internal', 'divergence'],
    ['internal', 'newer_version'],
  ])('leaves for the next round what is %s, reason %s, and what is behind it (C15)', async (code, reason) => {
    const { clock, inbox, asked, ids, settle, start } = draining();
    const [first, second] = [signal('a'), signal('a')];
    for (const message of [first, second]) await inbox.put(message);
    start();
    await settle();
    await asked[0]!.answer(no(code, reason));
    expect(ids()).toEqual([named(first)]);
    await clock.advance(INBOX_LOOK_MS);
    await settle();
    expect(ids()).toEqual([named(first), named(first)]);
    await asked[1]!.answer(OK);
    expect(ids()).toEqual([named(first), named(first), named(second)]);
  });

  it.each([
    ['internal', 'corrupt', true],
    ['internal', 'poison', false],
    ['internal', null, false],
  ])('buries what is %s, reason %s, told again: %s', async (code, reason, again) => {
    const { inbox, asked, settle, start } = draining();
    await inbox.put(signal('a'));
    start();
    await settle();
    await asked[0]!.answer(no(code, reason, again));
    expect(await inbox.nextDead(CART, 0)).toMatchObject({ error: { code } });
  });

  it('buries what cannot be read, and goes on when the inbox or the handler fails', async () => {
    const { clock, inbox, asked, settle, start } = draining();
    const message = signal('a');
    await inbox.put({ ...message });
    const next = inbox.next.bind(inbox);
    inbox.next = async (address, after) => {
      const kept = await next(address, after);
      return kept && { ...kept, message: null };
    };
    start();
    await settle();
    expect(await inbox.nextDead(CART, 0)).toMatchObject({ error: { code: 'invalid_argument' } });
    inbox.next = () => Promise.reject(new Error('gone'));
    await clock.advance(INBOX_LOOK_MS);
    inbox.next = next;
    await inbox.put(message);
    inbox.remove = () => Promise.reject(new Error('gone'));
    await clock.advance(INBOX_LOOK_MS);
    await settle();
    await asked[0]!.answer(OK);
    await clock.advance(INBOX_LOOK_MS);
    await settle();
    expect(asked).toHaveLength(2);
  });

  it('works on so many at a time, and on nothing once it is stopped', async () => {
    const { clock, inbox, asked, settle, start } = draining();
    for (let i = 0; i < INBOX_IN_FLIGHT + 5; i += 1) await inbox.put(signal(`k${i}`));
    const drain = start();
    await settle();
    expect(asked).toHaveLength(INBOX_IN_FLIGHT);
    await asked[0]!.answer(OK);
    expect(asked).toHaveLength(INBOX_IN_FLIGHT + 1);
    drain.stop();
    for (const { answer } of [...asked]) await answer(OK);
    await clock.advance(INBOX_LOOK_MS);
    expect(asked).toHaveLength(INBOX_IN_FLIGHT + 1);
    expect(clock.pending).toBe(0);
  });
});
