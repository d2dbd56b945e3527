/**
 * Transport contract: what every transport must do, whatever carries the bytes.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { PerdureError } from '../../framework/errors';
import type { CallerTransport, HostTransport } from '../ports/transport';
import type { MessageRequest, Reply, Request } from '../wire/envelope';

/** A caller's and a host's end of one transport, fresh for each test. */
export interface TransportPair {
  readonly caller: CallerTransport;
  readonly host: HostTransport;
  close(): Promise<void>;
}

export function message(type: string, method: string, more: Partial<MessageRequest> = {}): MessageRequest {
  const key = { namespace: 'default', type, id: '1' };
  const args = Uint8Array.of(1, 2, 3);
  return {
    op: 'message',
    key,
    message: 'update',
    method,
    args,
    id: { given: method },
    attempt: 1,
    submit: false,
    ...more,
  };
}

const ok = (...bytes: number[]): Reply => ({ ok: true, value: Uint8Array.from(bytes), duplicate: false, seq: 1 });
const coded = (code: string, reason?: string): Error =>
  expect.objectContaining(reason === undefined ? { code } : { code, reason }) as Error;

export function transportContract(name: string, open: () => Promise<TransportPair>): void {
  describe(`${name} as a transport`, () => {
    let pair: TransportPair;
    beforeEach(async () => {
      pair = await open();
    });
    afterEach(() => pair.close());

    it('carries each request to the host of its type and namespace, and the reply back', async () => {
      const got: string[] = [];
      const answer = (who: string) => async (request: Request) => {
        got.push(`${who}:${request.op}`);
        return ok(got.length);
      };
      await pair.host.serve('default', ['cart', 'account'], answer('a'));
      await pair.host.serve('other', ['cart'], answer('b'));
      const other = { namespace: 'other', type: 'cart', id: '1' };
      expect(await pair.caller.request(message('cart', 'm'), null)).toEqual(ok(1));
      expect(await pair.caller.request({ op: 'describe', key: other }, null)).toEqual(ok(2));
      const query = { namespace: 'default', type: 'account', limit: 5 };
      expect(await pair.caller.request({ op: 'list', query }, null)).toEqual(ok(3));
      expect(
        await pair.caller.request({ op: 'count', filter: { ...query, namespace: 'other', type: 'cart' } }, null),
      ).toEqual(ok(4));
      expect(got).toEqual(['a:message', 'b:describe', 'a:list', 'b:count']);
    });

    it('hands over the request with equal content: bytes, ids and attempt', async () => {
      const sent = message('cart', 'add', { id: { session: 's', n: 4, doneBelow: 2 }, attempt: 3, submit: true });
      let got: Request | null = null;
      await pair.host.serve('default', ['cart'], async (request) => ((got = request), ok()));
      await pair.caller.request(sent, null);
      expect(got).toEqual(sent);
    });

    it('answers never within the call, even a host that answers at once', async () => {
      let answered = false;
      await pair.host.serve('default', ['cart'], async () => ((answered = true), ok()));
      const pending = pair.caller.request(message('cart', 'm'), null);
      expect(answered).toBe(false);
      await pending;
    });

    it("runs a host in its own async context, and the caller's code goes on in the caller's (S3)", async () => {
      const context = new AsyncLocalStorage<string>();
      const seen: unknown[] = [];
      await context.run('host', () =>
        pair.host.serve('default', ['cart'], async () => {
          seen.push(context.getStore());
          await Promise.resolve();
          seen.push(context.getStore());
          return ok();
        }),
      );
      await context.run('caller', async () => {
        await pair.caller.request(message('cart', 'm'), null);
        seen.push(context.getStore());
      });
      expect(seen).toEqual(['host', 'host', 'caller']);
    });

    it('hands over the requests of a caller in their order, and replies in any (C15)', async () => {
      const got: string[] = [];
      const release: (() => void)[] = [];
      await pair.host.serve('default', ['cart'], async (request) => {
        got.push(request.op === 'message' ? request.method : '');
        await new Promise<void>((resolve) => release.push(resolve));
        return ok(got.length);
      });
      const names = Array.from({ length: 100 }, (_, i) => `m${i}`);
      const order: number[] = [];
      const all = names.map((name, i) => pair.caller.request(message('cart', name), null).then(() => order.push(i)));
      while (release.length < names.length) await new Promise((resolve) => setImmediate(resolve));
      expect(got).toEqual(names);
      release.reverse().forEach((go) => go());
      await Promise.all(all);
      expect(order).toEqual(names.map((_, i) => 99 - i));
    });

    it('rejects with unavailable, reason not_served, when nobody serves the type or the namespace', async () => {
      await pair.host.serve('default', ['cart'], async () => ok());
      await expect(pair.caller.request(message('account', 'm'), null)).rejects.toThrow(
        coded('unavailable', 'not_served'),
      );
      const key = { namespace: 'other', type: 'cart', id: '1' };
      await expect(pair.caller.request({ op: 'describe', key }, null)).rejects.toThrow(
        coded('unavailable', 'not_served'),
      );
    });

    it('passes replies that say no as replies, not as rejections', async () => {
      const refused: Reply = {
        ok: false,
        duplicate: true,
        error: { code: 'rejected', message: 'm', reason: null, details: Uint8Array.of(1), operation: 'o', cause: null },
      };
      await pair.host.serve('default', ['cart'], async () => refused);
      expect(await pair.caller.request(message('cart', 'm'), null)).toEqual(refused);
    });

    it('answers for a host whose answer fails, without its stack', async () => {
      await pair.host.serve('default', ['cart'], async () => {
        throw new PerdureError('unavailable', 'the store is gone');
      });
      const reply = await pair.caller.request(message('cart', 'm'), null);
      expect(reply).toMatchObject({ ok: false, error: { code: 'unavailable', message: 'the store is gone' } });
    });

    it('refuses a second server of a type, and none of its types is then served by it', async () => {
      await pair.host.serve('default', ['cart'], async () => ok(1));
      await expect(pair.host.serve('default', ['account', 'cart'], async () => ok(2))).rejects.toThrow(
        coded('invalid_argument'),
      );
      expect(await pair.caller.request(message('cart', 'm'), null)).toEqual(ok(1));
      await expect(pair.caller.request(message('account', 'm'), null)).rejects.toThrow(coded('unavailable'));
    });

    it('takes no request after close, while those being answered still are; then the type can be served anew', async () => {
      let release = (): void => undefined;
      let entered = (): void => undefined;
      const inside = new Promise<void>((resolve) => (entered = resolve));
      const served = await pair.host.serve('default', ['cart'], async () => {
        entered();
        await new Promise<void>((resolve) => (release = resolve));
        return ok(7);
      });
      const early = pair.caller.request(message('cart', 'early'), null);
      await inside;
      await served.close();
      await served.close();
      await expect(pair.caller.request(message('cart', 'late'), null)).rejects.toThrow(
        coded('unavailable', 'not_served'),
      );
      release();
      expect(await early).toEqual(ok(7));
      await pair.host.serve('default', ['cart'], async () => ok(8));
      await served.close();
      expect(await pair.caller.request(message('cart', 'm'), null)).toEqual(ok(8));
    });

    it('stops waiting when the signal fires, before or after sending; the host is not stopped', async () => {
      let handled = 0;
      let entered = (): void => undefined;
      const inside = new Promise<void>((resolve) => (entered = resolve));
      await pair.host.serve('default', ['cart'], async () => {
        handled += 1;
        entered();
        return new Promise<Reply>(() => undefined);
      });
      const control = new AbortController();
      const pending = pair.caller.request(message('cart', 'm'), control.signal);
      await inside;
      control.abort(new Error('enough'));
      await expect(pending).rejects.toThrow(coded('cancelled'));
      await expect(pair.caller.request(message('cart', 'm'), control.signal)).rejects.toThrow(coded('cancelled'));
      expect(handled).toBe(1);
    });

    it('carries no live value: arguments, outcomes and results are bytes (S10)', async () => {
      await pair.host.serve('default', ['cart'], async () => ({ ...ok(), value: { live: true } as never }) as Reply);
      const live = message('cart', 'm', { args: [{ live: true }] as never });
      await expect(pair.caller.request(live, null)).rejects.toThrow(coded('internal'));
      const outcome = { ok: true, value: {} as never } as const;
      const completion: Request = { op: 'promise', key: live.key, name: 'p', outcome };
      await expect(pair.caller.request(completion, null)).rejects.toThrow(coded('internal'));
      expect(await pair.caller.request(message('cart', 'm'), null)).toMatchObject({
        ok: false,
        error: { code: 'internal' },
      });
    });
  });
}
