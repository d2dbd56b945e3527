import { PerdureError } from '../../../framework/errors';
import { SESSION_READ_RETRY_MS, SESSION_READ_TURNS, SESSION_READ_WAIT_MS } from '../../config';
import type { Clock } from '../../ports/clock';
import type { SessionRow } from '../../ports/cluster-store';
import { SessionGuard } from './session-guard';

const ALIVE: SessionRow = { born: true, dead: false };
const UNREACHABLE = new PerdureError('unavailable', 'the store has no quorum');

/** A guard over a store and a clock that the test answers by hand. */
function guarded() {
  const reads: { answer(row: SessionRow): void; fail(): void }[] = [];
  const timers: { readonly delayMs: number; readonly fire: () => void }[] = [];
  const store = {
    session: () => new Promise<SessionRow>((answer, fail) => reads.push({ answer, fail: () => fail(UNREACHABLE) })),
  };
  let nowMs = 0;
  const after = (delayMs: number, fire: () => void): number => timers.push({ delayMs, fire });
  const clock = { after, monotonicMs: () => nowMs } as unknown as Clock;
  const guard = new SessionGuard('s-1', store, clock);
  const told: (boolean | null)[] = [];
  const confirm = (): void => {
    const at = told.push(null) - 1;
    void guard.confirm().then((alive) => (told[at] = alive));
  };
  const ring = (): number => {
    const timer = timers.shift();
    timer?.fire();
    return timer?.delayMs ?? -1;
  };
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const pass = (ms: number): void => void (nowMs += ms);
  return { guard, reads, told, confirm, ring, settled, pass };
}

describe('the session guard', () => {
  it('reads once the oldest turn has waited 2 ms (C2)', async () => {
    const { reads, told, confirm, ring, settled } = guarded();
    confirm();
    expect(reads).toHaveLength(0);
    expect(ring()).toBe(SESSION_READ_WAIT_MS);
    expect(reads).toHaveLength(1);
    reads[0]?.answer(ALIVE);
    await settled();
    expect(told).toEqual([true]);
  });

  it('says how long ago a read began that found it alive, and nothing of a dead one (C2)', async () => {
    const { guard, reads, confirm, ring, settled, pass } = guarded();
    pass(5);
    expect([guard.confirmedWithin(5), guard.confirmedWithin(6)]).toEqual([false, true]);
    confirm();
    ring();
    pass(10);
    reads[0]?.answer(ALIVE);
    await settled();
    expect([guard.confirmedWithin(10), guard.confirmedWithin(11)]).toEqual([false, true]);
    guard.die(UNREACHABLE);
    expect(guard.confirmedWithin(Infinity)).toBe(false);
  });

  it('reads at once when 20 turns wait (C2)', () => {
    const { reads, confirm } = guarded();
    for (let i = 1; i < SESSION_READ_TURNS; i += 1) confirm();
    expect(reads).toHaveLength(0);
    confirm();
    expect(reads).toHaveLength(1);
  });

  it('covers only turns that were acknowledged before the read began, one read at a time (C2)', async () => {
    const { reads, told, confirm, ring, settled } = guarded();
    confirm();
    ring();
    for (let i = 0; i < SESSION_READ_TURNS; i += 1) confirm();
    expect(reads).toHaveLength(1);
    reads[0]?.answer(ALIVE);
    await settled();
    expect(told.filter((alive) => alive === true)).toHaveLength(1);
    expect(reads).toHaveLength(2);
  });

  it.each([
    { born: true, dead: true },
    { born: false, dead: false },
  ])('stops everything for ever when its row says %j (C1, C2)', async (row) => {
    const { guard, reads, told, confirm, ring, settled } = guarded();
    confirm();
    ring();
    confirm();
    reads[0]?.answer(row);
    await settled();
    expect(told).toEqual([false, false]);
    expect(guard.alive).toBe(false);
    expect(await guard.lost).toMatchObject({ code: 'unavailable' });
    expect(await guard.confirm()).toBe(false);
    expect(reads).toHaveLength(1);
  });

  it('takes a read that failed for no answer, and reads again after a pause (C2)', async () => {
    const { reads, told, confirm, ring, settled } = guarded();
    confirm();
    ring();
    reads[0]?.fail();
    await settled();
    expect(told).toEqual([null]);
    expect(ring()).toBe(SESSION_READ_RETRY_MS);
    reads[1]?.answer(ALIVE);
    await settled();
    expect(told).toEqual([true]);
  });

  it('answers no when it is given up while a read is in flight (C2)', async () => {
    const { guard, reads, told, confirm, ring, settled } = guarded();
    confirm();
    ring();
    guard.die(UNREACHABLE);
    reads[0]?.answer(ALIVE);
    await settled();
    expect(told).toEqual([false]);
  });
});
