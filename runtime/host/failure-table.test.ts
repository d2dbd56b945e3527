/** Each row of the table of failures in architecture §5, as a caller, an author and an operator see it. */

import 'reflect-metadata';
import { IsInt, Min } from 'class-validator';
import {
  Entity,
  EntityFailure,
  Query,
  Signal,
  Update,
  Validate,
  activities,
  condition,
  patched,
  sleep,
} from '../../framework';
import { NonRetryable } from '../../framework/activity';
import { encodeValue } from '../../framework/codec/value';
import { HELD_RETRIES } from '../config';
import { serve } from '../node';
import { memoryStore } from '../store/memory-store';
import { StagedHost } from './staged-host.fixture';

class Order {
  @IsInt() @Min(1) points!: number;
}

class Mailer {
  attempts = 0;
  async flaky(): Promise<string> {
    this.attempts += 1;
    if (this.attempts < 4) throw new Error(`attempt ${this.attempts} failed`);
    return 'sent';
  }
  async never(): Promise<void> {
    throw new NonRetryable('no such address', { code: 'no_address' });
  }
  silent(): Promise<void> {
    return new Promise(() => undefined);
  }
}

const mail = activities<Mailer>('mail', { startToClose: '10s', retry: { initial: '1s', maximum: '1m' } });

function accountOf(fixed: boolean) {
  @Entity('account')
  class Account {
    points = 10;
    notes: string[] = [];

    @Validate('redeem') protected mayRedeem(order: Order): void {
      if (order.points > this.points)
        throw new EntityFailure('insufficient', `has ${this.points}`, { has: this.points });
    }
    @Update() redeem(order: Order): number {
      this.points -= order.points;
      return this.points;
    }
    @Update() refuse(note: string): void {
      this.notes.push(note);
      throw new EntityFailure('refused', `not ${note}`, { note }, new TypeError('the cause'));
    }
    @Update() stumble(note: string): void {
      this.notes.push(note);
      if (!fixed) throw new TypeError('first step');
    }
    @Update() async stumbleLater(note: string): Promise<string> {
      this.notes.push(note);
      await sleep('1 minute');
      this.notes.push(`${note} later`);
      if (!fixed) throw new TypeError('later step');
      return note;
    }
    @Signal() sulk(note: string): void {
      this.notes.push(note);
      throw new EntityFailure('sulked', note);
    }
    @Signal() trip(note: string): void {
      this.notes.push(note);
      if (!fixed) throw new TypeError('a bug of a signal');
    }
    @Signal() async wander(note: string): Promise<void> {
      if (!fixed) await new Promise((resolve) => void Promise.resolve().then(() => outside.push(resolve)));
      this.notes.push(note);
    }
    @Signal() async note(note: string): Promise<void> {
      this.notes.push(note);
    }
    @Update() send(): Promise<string> {
      return mail.flaky();
    }
    @Update() sendNowhere(): Promise<void> {
      return mail.never();
    }
    @Update() sendForEver(): Promise<void> {
      return mail.with({ attempts: 2 }).silent();
    }
    @Query() seen(): { points: number; notes: string[] } {
      return { points: this.points, notes: this.notes };
    }
  }
  return Account;
}
const outside: unknown[] = [];

const Broken = accountOf(false);
const Fixed = accountOf(true);

describe('what a caller or author sees when things fail (architecture §5)', () => {
  let staged: StagedHost;
  let mailer: Mailer;
  beforeEach(async () => {
    mailer = new Mailer();
    staged = await StagedHost.start({ entities: [Broken], activities: [serve(mail, mailer)] });
    await account().note('born');
  });
  afterEach(() => staged.stop());

  const account = () => staged.client.entity(Broken, 'A');
  const records = async () => (await staged.client.describe(account())).seq;
  const statusOf = async () => (await staged.client.describe(account())).status;

  it('arguments that do not validate are invalid_argument, and nothing is recorded (S13)', async () => {
    const before = await records();
    const wrong = { code: 'invalid_argument', message: expect.stringContaining('points') as string };
    await expect(account().redeem({ points: 0 })).rejects.toMatchObject(wrong);
    await expect(account().redeem({ points: 'x' } as never)).rejects.toMatchObject(wrong);
    expect(await records()).toBe(before);
  });

  it('a refusal by @Validate is rejected with the reason and details, and nothing is recorded (S13)', async () => {
    const before = await records();
    await expect(account().redeem({ points: 11 })).rejects.toMatchObject({
      code: 'rejected',
      reason: 'insufficient',
      details: { has: 10 },
    });
    expect(await records()).toBe(before);
    expect(await account().redeem({ points: 4 })).toBe(6);
  });

  it('a business failure fails the update with code, message, details and cause, and undoes its step (S17, S18)', async () => {
    const call = () => staged.client.call(account(), { messageId: 'm-1' }).refuse('x');
    const failed = {
      code: 'failed',
      reason: 'refused',
      message: 'not x',
      details: { note: 'x' },
      cause: expect.objectContaining({ message: 'the cause' }) as Error,
    };
    await expect(call()).rejects.toMatchObject(failed);
    expect((await account().seen()).notes).toEqual(['born']);
    await staged.restart();
    await expect(call()).rejects.toMatchObject(failed);
    expect(await statusOf()).toBe('active');
  });

  it('a business failure of a signal is recorded and visible, and the entity serves on (S18)', async () => {
    await account().sulk('x');
    const { failures, status } = await staged.client.describe(account());
    expect(failures).toMatchObject([{ method: 'sulk', failure: { kind: 'entity', code: 'sulked' } }]);
    expect(status).toBe('active');
    expect((await account().seen()).notes).toEqual(['born']);
  });

  it("a bug in an update's first step is internal with its cause, leaves no record, and the entity serves on (S19)", async () => {
    const before = await records();
    await expect(account().stumble('x')).rejects.toMatchObject({
      code: 'internal',
      cause: expect.objectContaining({ message: expect.stringContaining('first step') as string }) as Error,
    });
    expect(await records()).toBe(before);
    expect((await account().seen()).notes).toEqual(['born']);
    expect(await statusOf()).toBe('active');
  });

  it('a bug of a signal holds the entity; it is tried 10 times from 1 s on, then not again (S2, S19)', async () => {
    await account().trip('x');
    const delays: number[] = [];
    for (let held = (await staged.client.describe(account())).held; held?.nextRetryAt != null;) {
      delays.push(held.nextRetryAt - staged.clock.now());
      await staged.advance(held.nextRetryAt - staged.clock.now());
      held = (await staged.client.describe(account())).held;
    }
    expect(delays).toEqual(Array.from({ length: HELD_RETRIES }, (_, at) => 1_000 * 2 ** at));
    const { held, status, seq } = await staged.client.describe(account());
    expect({ status, retries: held?.retries, build: held?.build }).toEqual({
      status: 'held',
      retries: 10,
      build: 'b1',
    });
    expect(held?.failure).toMatchObject({
      kind: 'bug',
      message: expect.stringContaining('a bug of a signal') as string,
    });
    await staged.advance(86_400_000);
    expect(await records()).toBe(seq);
  });

  it('while held, queries answer the last good state and updates are held with their operation (S19)', async () => {
    await account().trip('x');
    expect((await account().seen()).notes).toEqual(['born']);
    await account().note('y');
    await expect(staged.client.call(account(), { messageId: 'u' }).redeem({ points: 1 })).rejects.toMatchObject({
      code: 'held',
      operation: expect.any(String) as string,
    });
    expect((await account().seen()).notes).toEqual(['born']);
    expect((await staged.client.describe(account())).admitted).toBe(3);
  });

  it('goes on in order when fixed code is deployed, each message once (S19)', async () => {
    await account().trip('x');
    await account().note('y');
    const late = staged.client.call(account(), { messageId: 'u', timeout: '1h' });
    const error = await late.redeem({ points: 3 }).catch((held: { operation: string }) => held);
    await staged.restart({ entities: [Fixed], build: 'b2' });
    expect((await account().seen()).notes).toEqual(['born', 'x', 'y']);
    expect(await staged.client.operation((error as { operation: string }).operation).result()).toBe(7);
    expect(await late.redeem({ points: 3 })).toBe(7);
    expect(await statusOf()).toBe('active');
  });

  it('skip drops the held signal with a record, and what waits behind it runs (S19)', async () => {
    await account().trip('x');
    await account().note('y');
    await staged.client.skip(account(), 'not wanted');
    expect((await account().seen()).notes).toEqual(['born', 'y']);
    expect((await staged.client.describe(account())).failures).toMatchObject([
      { method: 'trip', failure: { code: 'skipped' } },
    ]);
    await expect(staged.client.skip(account())).rejects.toMatchObject({ code: 'conflict' });
  });

  it('resume tries the held input at once (S19)', async () => {
    await account().trip('x');
    await staged.client.resume(account());
    await staged.settle();
    expect((await staged.client.describe(account())).held?.retries).toBe(1);
  });

  it("a bug in an update's later step holds the entity, and skip fails the update (S19)", async () => {
    const operation = await staged.client.submit(account()).stumbleLater('x');
    await staged.advance(60_000);
    expect(await operation.status()).toBe('held');
    expect((await account().seen()).notes).toEqual(['born', 'x']);
    await staged.client.skip(account());
    expect(await operation.status()).toBe('failed');
    await expect(operation.result()).rejects.toMatchObject({ code: 'failed', reason: 'skipped' });
    expect((await account().seen()).notes).toEqual(['born', 'x']);
  });

  it("a later step's bug is cured by fixed code, and its caller gets the outcome (S19)", async () => {
    const operation = await staged.client.submit(account()).stumbleLater('x');
    await staged.advance(60_000);
    await staged.restart({ entities: [Fixed], build: 'b2' });
    expect(await operation.result()).toBe('x');
    expect((await account().seen()).notes).toEqual(['born', 'x', 'x later']);
  });

  it('a determinism fault holds the entity and names the cure (S18)', async () => {
    await account().wander('x');
    const { held, status } = await staged.client.describe(account());
    expect(status).toBe('held');
    expect(held?.failure).toMatchObject({ kind: 'fault', message: expect.stringContaining('activity') as string });
    expect(held?.failure.message).toContain('wander');
  });

  it('an activity that throws is retried by its policy, each failed attempt visible in describe', async () => {
    const operation = await staged.client.submit(account()).send();
    await staged.settle();
    const { activities: open, blocked } = await staged.client.describe(account());
    expect(open).toMatchObject([{ group: 'mail', method: 'flaky', attempt: 2, running: false }]);
    expect(open[0]?.lastFailure?.message).toContain('attempt 1 failed');
    expect(blocked).toMatchObject({ by: 'send', attempt: 2 });
    await staged.advance(10_000);
    expect(await operation.result()).toBe('sent');
    expect(mailer.attempts).toBe(4);
  });

  it('NonRetryable surfaces as a failed activity with its cause (S18)', async () => {
    await expect(account().sendNowhere()).rejects.toMatchObject({
      code: 'failed',
      reason: 'non_retryable',
      cause: expect.objectContaining({ code: 'no_address' }) as Error,
    });
  });

  it('a timeout surfaces as a typed failure once the attempts are over (S18)', async () => {
    const operation = await staged.client.submit(account()).sendForEver();
    await staged.advance(60_000);
    await expect(operation.result()).rejects.toMatchObject({
      code: 'failed',
      cause: expect.objectContaining({ code: 'start_to_close' }) as Error,
    });
  });

  it("a host dies: the retry with the same id gets the first host's outcome (S12)", async () => {
    const call = (onReply?: (info: { duplicate: boolean }) => void) =>
      staged.client.call(account(), { messageId: 'm-1', ...(onReply && { onReply }) }).redeem({ points: 1 });
    expect(await call()).toBe(9);
    await staged.restart();
    const replies: boolean[] = [];
    expect(await call(({ duplicate }) => replies.push(duplicate))).toBe(9);
    expect(replies).toEqual([true]);
    expect(await account().seen()).toMatchObject({ points: 9 });
  });
});

describe('a replay that differs under new code (S25)', () => {
  function cartOf(price: number, gate: boolean) {
    @Entity('cart')
    class Cart {
      total = 0;
      @Signal() async add(): Promise<void> {
        this.total += gate && !patched('price') ? 1 : price;
        await condition(() => false, '30 days');
      }
      @Query() sum(): number {
        return this.total;
      }
    }
    return Cart;
  }

  it('holds the entity as diverged and names the fields; gated code goes on', async () => {
    const staged = await StagedHost.start({ entities: [cartOf(1, false)], store: memoryStore() });
    const cart = staged.client.entity(cartOf(1, false), 'A');
    await cart.add();
    await staged.restart({ entities: [cartOf(2, false)], build: 'b2' });
    await expect(cart.sum()).rejects.toMatchObject({
      code: 'internal',
      reason: 'divergence',
      message: expect.stringMatching(/cart\/A diverged.*total.*patched.*reset/s) as string,
    });
    await staged.settle();
    const statuses: string[] = [];
    for await (const { status } of staged.client.list({ type: 'cart' })) statuses.push(status);
    expect(statuses).toEqual(['diverged']);
    await staged.restart({ entities: [cartOf(2, true)], build: 'b3' });
    expect(await cart.sum()).toBe(1);
    await cart.add();
    expect(await cart.sum()).toBe(3);
    expect((await staged.client.describe(cart)).status).toBe('active');
    await staged.stop();
  });

  it('tells nothing final to whoever sent a message before, or waits for one that is on record (S12, S13)', async () => {
    const staged = await StagedHost.start({ entities: [cartOf(1, false)], store: memoryStore() });
    const key = { namespace: 'default', type: 'cart', id: 'A' };
    const cart = staged.client.entity(cartOf(1, false), 'A');
    const operation = await staged.client.submit(cart, { messageId: 'm-1' }).add();
    await staged.restart({ entities: [cartOf(2, false)], build: 'b2' });
    const told = async (given: string, attempt: number): Promise<string> => {
      const shared = { op: 'message', message: 'signal', method: 'add', submit: false } as const;
      const request = { ...shared, key, args: encodeValue([]), id: { given }, attempt };
      const reply = await staged.transport.request(request, null);
      return reply.ok ? 'ok' : `${reply.error.code} ${reply.error.reason}`;
    };
    expect(await told('m-2', 1)).toBe('internal divergence');
    expect(await told('m-1', 2)).toBe('unavailable divergence');
    await expect(operation.result()).rejects.toMatchObject({ code: 'unavailable', reason: 'divergence' });
    await staged.restart({ entities: [cartOf(1, false)], build: 'b1' });
    expect(await told('m-1', 3)).toBe('ok');
    await staged.stop();
  });
});
