import { activityInfo, heartbeat, NonRetryable } from './activity';
import { runActivity } from './core/activity-scope';
import type { ActivityInfo } from './core/activity-scope';

const info: ActivityInfo = {
  idempotencyKey: 'default/cart/C-1/7',
  entity: { namespace: 'default', type: 'cart', id: 'C-1' },
  group: 'mail',
  method: 'remind',
  attempt: 2,
  scheduledAt: 1_000,
  deadline: null,
  signal: new AbortController().signal,
  lastHeartbeat: { page: 3 },
};

describe('perdure/activity', () => {
  it('tells an activity about its attempt, across its awaits (S15)', async () => {
    const seen = await runActivity({ info, heartbeat: () => undefined }, async () => {
      await Promise.resolve();
      return activityInfo();
    });
    expect(seen).toBe(info);
  });

  it('hands the details of a heartbeat to whoever runs the activity', () => {
    const beats: unknown[] = [];
    runActivity({ info, heartbeat: (details) => void beats.push(details) }, () => {
      heartbeat({ page: 4 });
      heartbeat();
    });
    expect(beats).toEqual([{ page: 4 }, undefined]);
  });

  it('says where it may be called when it is called elsewhere', () => {
    expect(() => activityInfo()).toThrow('activityInfo() was called outside an activity');
    expect(() => heartbeat()).toThrow('heartbeat() was called outside an activity');
  });

  it('marks what must not be retried by a property, so that another copy of the package recognises it', () => {
    const cause = new Error('declined');
    const error = new NonRetryable('no', { code: 'card_declined', details: { card: 4 }, cause });
    expect(error).toMatchObject({
      name: 'NonRetryable',
      nonRetryable: true,
      code: 'card_declined',
      details: { card: 4 },
    });
    expect(error.cause).toBe(cause);
    expect(new NonRetryable('no').code).toBe('non_retryable');
  });
});
