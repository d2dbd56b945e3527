import { ManualClock } from '../../testing/manual-clock';
import { ClusterModel } from '../../sim/store/cluster-model.fixture';
import { EpochWrites } from './epoch-writes';
import { SessionGuard } from './session-guard';

function epoch(): { readonly clock: ManualClock; readonly writes: EpochWrites } {
  const clock = new ManualClock();
  return { clock, writes: new EpochWrites(new SessionGuard('s', new ClusterModel(1), clock), clock) };
}

describe('writes of an epoch', () => {
  it('repeat the same bytes while their outcome is unknown, and tell no refusal after that (C5)', async () => {
    const { clock, writes } = epoch();
    const outcomes = ['unknown', 'refused', 'unknown', 'ok'] as const;
    let asked = 0;
    const written = writes.once(async () => outcomes[(asked += 1) - 1] ?? 'ok');
    await clock.advance(10_000);
    expect([await written, asked, writes.outstanding]).toEqual(['ok', 4, 0]);
  });

  it('end at once when the epoch is closed, and leave no timer behind (C4)', async () => {
    const { clock, writes } = epoch();
    const written = writes.untilOk(async () => 'unknown');
    const paused = writes.pause(300_000);
    await clock.advance(0);
    expect(clock.pending).toBe(2);
    writes.close();
    await paused;
    expect([await written, clock.pending, writes.outstanding]).toEqual([false, 0, 0]);
    await writes.pause(300_000);
    expect(clock.pending).toBe(0);
  });

  it('are not issued any more once the epoch is closed (C4)', async () => {
    const { writes } = epoch();
    writes.close();
    let asked = 0;
    expect(await writes.untilOk(async () => ((asked += 1), 'ok'))).toBe(false);
    expect(asked).toBe(0);
  });
});
