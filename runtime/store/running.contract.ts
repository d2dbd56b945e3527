/**
 * Running contract: what every store keeps of steps that take their process with them (S20).
 *
 * Owns: a case by hand for each promise of `RunningRows`, part of `store.contract`.
 */

import type { StoreSession } from '../ports/history-store';
import type { Running } from '../ports/watchdog';
import { keyOf } from './store.fixture';

const step = (input: string, id = 'a'): Running => ({ key: keyOf(id), input, build: 'b1' });

export function describeRunning(session: () => StoreSession, reopen: () => Promise<void>): void {
  it('finds what earlier sessions left running, oldest first, and nothing of its own (S20)', async () => {
    const first = session().epoch;
    const odd = { key: keyOf('a\0b\n"', 'cart', 'other'), input: 'promise \u{1F600}\n', build: 'b 2' };
    expect(await session().running.write(2, step('timer 1'))).toBe(true);
    expect(session().running.left).toEqual([]);
    await reopen();
    const second = session().epoch;
    expect(session().running).toMatchObject({ place: { epoch: second }, left: [{ epoch: first, ...step('timer 1') }] });
    await session().running.write(2, odd);
    await reopen();
    expect(session().running.left).toEqual([
      { epoch: first, ...step('timer 1') },
      { epoch: second, ...odd },
    ]);
  });

  it('keeps one row of a session, that of the greatest order, in whatever sequence they come (S20)', async () => {
    const { running } = session();
    await running.write(6, step('timer 6'));
    await running.write(4, step('timer 4'));
    await running.write(5, null);
    await reopen();
    expect(session().running.left.map(({ input }) => input)).toEqual(['timer 6']);
    await session().running.write(2, step('timer 2'));
    await session().running.write(3, null);
    await session().running.write(2, step('timer 2'));
    await reopen();
    expect(session().running.left.map(({ input }) => input)).toEqual(['timer 6']);
  });

  it('forgets the rows it is told to, for ever (S20)', async () => {
    const first = session().running;
    await first.write(2, step('timer 1'));
    await reopen();
    await session().running.write(2, step('timer 2'));
    await reopen();
    const [gone] = session().running.left;
    await session().running.forget(gone === undefined ? [] : [gone]);
    await reopen();
    expect(session().running.left.map(({ input }) => input)).toEqual(['timer 2']);
  });

  it('knows the newest session that was stable, and not its own (S20)', async () => {
    const first = session().epoch;
    expect(session().running.stable).toBe(0);
    await session().running.settle();
    await reopen();
    expect(session().running.stable).toBe(first);
    await reopen();
    expect(session().running.stable).toBe(first);
  });

  it('writes nothing for a session that is over (S20)', async () => {
    const { running } = session();
    await reopen();
    expect(await running.write(2, step('timer 1'))).toBe(false);
    await running.settle();
    await reopen();
    expect(session().running).toMatchObject({ left: [], stable: 0 });
  });
}
