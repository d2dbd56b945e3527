import { PerdureError } from '../../framework/errors';
import { INBOX_SWEEP_MS, RESEND_MAXIMUM_MS } from '../config';
import { MemoryInbox } from '../transport/inbox/memory-inbox';
import { contents } from '../transport/inbox/inbox.contract';
import type { MessageRequest } from '../wire/envelope';
import type { ReplyInfo } from './exchange';
import { account, notServed, outcomeOf, scripted } from './scripted-transport.fixture';

const ACCOUNT = { namespace: 'default', type: 'account' };
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function withInbox() {
  const inbox = new MemoryInbox(() => 0);
  const made = scripted({}, inbox);
  const { transport, client, handle } = made;
  /** A signal that falls back to the inbox. */
  const accept = async (cents: number, id = 'A-1'): Promise<ReplyInfo | undefined> => {
    const infos: ReplyInfo[] = [];
    const target = id === 'A-1' ? handle : client.entity(account, id);
    const sent = client.call(target, { onReply: (info) => infos.push(info) }).deposit(cents);
    transport.sent.at(-1)?.lose(notServed());
    await sent;
    return infos[0];
  };
  const kept = async (): Promise<unknown[]> =>
    (await contents(inbox, ACCOUNT)).map((message) => (message?.id as { readonly n: number }).n);
  const drain = async (): Promise<void> => {
    for (let one = await inbox.next(ACCOUNT, 0); one !== null; one = await inbox.next(ACCOUNT, 0))
      await inbox.remove(one.seq);
  };
  const doneBelow = (message: MessageRequest): number => (message.id as { readonly doneBelow: number }).doneBelow;
  return { ...made, inbox, accept, kept, drain, doneBelow };
}

describe('a client with an inbox (C16)', () => {
  it('puts a signal there that no host serves, and says so in its acknowledgement', async () => {
    const { accept, kept } = withInbox();
    expect(await accept(1)).toEqual({ duplicate: false, seq: 0, level: 'accepted' });
    expect(await kept()).toEqual([1]);
  });

  it('says of what a host has answered that it is committed', async () => {
    const { transport, client, handle, kept } = withInbox();
    const infos: ReplyInfo[] = [];
    const sent = client.call(handle, { onReply: (info) => infos.push(info) }).deposit(1);
    transport.sent[0]?.answer(undefined);
    await sent;
    expect([infos[0]?.level, await kept()]).toEqual(['committed', []]);
  });

  it('goes on asking hosts while one serves the type, and for all that is no signal', async () => {
    const { transport, clock, inbox, handle, kept } = withInbox();
    const end = inbox.announce(ACCOUNT);
    void handle.deposit(1);
    transport.sent[0]?.lose(notServed());
    await clock.advance(RESEND_MAXIMUM_MS);
    expect(transport.sent).toHaveLength(2);
    end();
    void handle.redeem(1).catch(() => undefined);
    transport.sent[2]?.lose(notServed());
    await clock.advance(RESEND_MAXIMUM_MS);
    expect([transport.sent.length, await kept()]).toEqual([4, []]);
  });

  it('keeps to the inbox for that key until the earlier signal is committed; all else waits (C15)', async () => {
    const { transport, clock, handle, accept, kept, drain } = withInbox();
    await accept(1);
    expect(transport.sent).toHaveLength(1);
    await handle.deposit(2);
    expect([transport.sent.length, await kept()]).toEqual([1, [1, 2]]);
    const points = handle.redeem(5);
    await clock.advance(RESEND_MAXIMUM_MS);
    expect([transport.sent.length, await outcomeOf(points)]).toEqual([1, 'pending']);
    await drain();
    await clock.advance(RESEND_MAXIMUM_MS);
    expect(transport.message(-1)).toMatchObject({ method: 'redeem', attempt: 1 });
    transport.sent.at(-1)?.answer('left');
    expect(await points).toBe('left');
    void handle.deposit(3);
    expect(transport.message(-1)).toMatchObject({ method: 'deposit' });
  });

  it('sends to other keys as ever, and asks about the same one', async () => {
    const { transport, client, handle, accept } = withInbox();
    await accept(1);
    void client.entity(account, 'A-2').deposit(2);
    expect(transport.message(-1)).toMatchObject({ key: { id: 'A-2' } });
    void client.describe(handle).catch(() => undefined);
    expect(transport.sent.at(-1)?.request).toMatchObject({ op: 'describe' });
  });

  it('tells nobody that a signal is done before it is committed, which it looks for by itself (S11)', async () => {
    const { transport, clock, client, accept, drain, doneBelow } = withInbox();
    await accept(1);
    const other = client.entity(account, 'A-2');
    void other.deposit(2);
    expect(doneBelow(transport.message(-1))).toBe(1);
    transport.sent.at(-1)?.answer(undefined);
    await drain();
    await clock.advance(INBOX_SWEEP_MS);
    await settled();
    void other.deposit(3);
    expect(doneBelow(transport.message(-1))).toBe(3);
    await clock.advance(INBOX_SWEEP_MS * 3);
    expect(clock.pending).toBeLessThanOrEqual(1);
  });

  it('sends again under the same id what the inbox may have taken, and ends with what it refuses', async () => {
    const { transport, clock, inbox, handle, kept } = withInbox();
    const put = inbox.put.bind(inbox);
    inbox.put = async (message) => {
      await put(message);
      throw new PerdureError('unavailable', 'no answer');
    };
    const first = handle.deposit(1);
    transport.sent[0]?.lose(notServed());
    await settled();
    inbox.put = put;
    await clock.advance(RESEND_MAXIMUM_MS);
    await first;
    expect(await kept()).toEqual([1, 1]);
    inbox.put = () => Promise.reject(new PerdureError('resource_exhausted', 'full'));
    await expect(handle.deposit(2)).rejects.toMatchObject({ code: 'resource_exhausted' });
  });

  it('names the cure when something waits for too long behind the inbox', async () => {
    const { clock, client, handle, accept } = withInbox();
    await accept(1);
    const waiting = client.call(handle, { timeout: '1s' }).redeem(1);
    waiting.catch(() => undefined);
    await clock.advance(2_000);
    await expect(waiting).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('wait in the inbox, and what it sends later comes after them') as string,
    });
  });

  it('shows the dead letters, and takes one off the list', async () => {
    const { inbox, client, accept } = withInbox();
    await accept(7);
    await accept(8, 'A-2');
    for (let one = await inbox.next(ACCOUNT, 0); one !== null; one = await inbox.next(ACCOUNT, 0)) {
      const error = {
        code: 'rejected',
        message: 'too much',
        reason: null,
        details: null,
        operation: null,
        cause: null,
      } as const;
      await inbox.bury(ACCOUNT, one, error);
    }
    const letters = await all(client.deadLetters());
    expect(letters).toMatchObject([
      { type: 'account', id: 'A-1', method: 'deposit', args: [7], error: { code: 'rejected', message: 'too much' } },
      { type: 'account', id: 'A-2', method: 'deposit', args: [8] },
    ]);
    expect(letters[0]?.messageId).toMatch(/\.1$/);
    await client.discardDeadLetter(letters[0]!);
    expect(await all(client.deadLetters({ type: 'account' }))).toMatchObject([{ id: 'A-2' }]);
    expect(await all(client.deadLetters({ type: 'other' }))).toEqual([]);
    await expect(scripted().client.deadLetters().next()).rejects.toThrow('connect with nats({ servers, inbox: true })');
  });
});
