/**
 * Inbox contract: what every inbox must do, whatever keeps its messages (C16).
 */

import type { Address, Inbox } from '../../ports/inbox';
import type { MessageRequest, WireError } from '../../wire/envelope';

export interface OpenedInbox {
  readonly inbox: Inbox;
  /** Of another process, on the same messages. */
  readonly other: Inbox;
  /** A host serves the type from now on, until the returned function is called. */
  announce(address: Address): () => void;
  close(): Promise<void>;
}

export const CART: Address = { namespace: 'default', type: 'cart' };

let n = 0;

/** A signal with a fresh id. */
export function signal(id: string, more: Partial<MessageRequest> = {}): MessageRequest {
  n += 1;
  return {
    op: 'message',
    key: { ...CART, id },
    message: 'signal',
    method: 'add',
    args: Uint8Array.of(n % 256),
    id: { session: 's', n, doneBelow: 1 },
    attempt: 1,
    submit: false,
    ...more,
  };
}

const REFUSAL: WireError = {
  code: 'completed',
  message: 'no more',
  reason: 'over',
  details: null,
  operation: null,
  cause: null,
};

/** Seqs are left out. */
export async function contents(inbox: Inbox, address = CART): Promise<(MessageRequest | null)[]> {
  const all: (MessageRequest | null)[] = [];
  for (let kept = await inbox.next(address, 0); kept !== null; kept = await inbox.next(address, kept.seq))
    all.push(kept.message);
  return all;
}

export function inboxContract(name: string, open: () => Promise<OpenedInbox>): void {
  describe(`${name} as an inbox (C16)`, () => {
    let opened: OpenedInbox;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    it('gives what was put, equal and in its order, by type and namespace, to whoever asks (C15)', async () => {
      const { inbox, other } = opened;
      const odd = { namespace: 'n.1', type: 'a > *', id: 'ü 1' };
      const all = [signal('1'), signal('2'), signal('1'), signal('3', { key: odd, id: { given: 'g' }, attempt: 3 })];
      for (const message of all) await inbox.put(message);
      expect(await contents(inbox)).toEqual(all.slice(0, 3));
      expect(await contents(other)).toEqual(all.slice(0, 3));
      expect(await contents(inbox, odd)).toEqual(all.slice(3));
      expect(await contents(inbox, { ...CART, namespace: 'other' })).toEqual([]);
    });

    it('keeps a message until it is removed, once or twice, and says for which keys it has any', async () => {
      const { inbox, other } = opened;
      const [first, second] = [signal('1'), signal('1')];
      for (const message of [first, second]) await inbox.put(message);
      const kept = await other.next(CART, 0);
      await other.remove(kept?.seq ?? 0);
      await other.remove(kept?.seq ?? 0);
      expect(await contents(inbox)).toEqual([second]);
      expect(await inbox.holds(first.key)).toBe(true);
      expect(await inbox.holds({ ...first.key, id: '2' })).toBe(false);
      await other.remove((await other.next(CART, 0))?.seq ?? 0);
      expect(await inbox.holds(first.key)).toBe(false);
    });

    it('shows what was buried, with the reason, until it is discarded', async () => {
      const { inbox, other } = opened;
      const [first, second] = [signal('1'), signal('2', { key: { ...CART, type: 'c.2', id: '2' } })];
      for (const message of [first, second]) {
        await inbox.put(message);
        const kept = await inbox.next(message.key, 0);
        if (kept !== null) await inbox.bury(message.key, kept, REFUSAL);
      }
      expect(await contents(inbox)).toEqual([]);
      expect(await inbox.holds(first.key)).toBe(false);
      const dead = await other.nextDead({ namespace: 'default' }, 0);
      expect(dead).toMatchObject({ address: CART, message: first, error: { code: 'completed', message: 'no more' } });
      expect(Math.abs((dead?.diedAt ?? 0) - Date.now())).toBeLessThan(60_000);
      const next = await other.nextDead({ namespace: 'default' }, dead?.seq ?? 0);
      expect(next).toMatchObject({ address: { namespace: 'default', type: 'c.2' }, message: second });
      expect(await other.nextDead({ namespace: 'default', type: 'c.2' }, 0)).toEqual(next);
      expect(await other.nextDead({ namespace: 'other' }, 0)).toBeNull();
      await other.discardDead(dead?.seq ?? 0);
      await other.discardDead(dead?.seq ?? 0);
      expect(await inbox.nextDead({ namespace: 'default' }, 0)).toEqual(next);
    });

    it('knows which types are served, as long as a host says so', async () => {
      const { inbox, other } = opened;
      expect(await other.served(CART)).toBe(false);
      const [end, endOther] = [opened.announce(CART), opened.announce(CART)];
      while (!(await other.served(CART))) await aMoment();
      end();
      expect(await other.served(CART)).toBe(true);
      endOther();
      while (await other.served(CART)) await aMoment();
      expect(await inbox.served(CART)).toBe(false);
    });
  });
}

const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));
