import type { WriteOutcome } from '../ports/cluster-store';
import { ManualClock } from '../testing/manual-clock';
import { claimOrdinal } from './builds';

/** A table of builds whose conditional writes end as told, each with or without its effect. */
function table(builds: string[], ends: readonly (readonly [outcome: WriteOutcome, effect: boolean])[] = []) {
  let n = 0;
  return {
    builds: () => Promise.resolve([...builds]),
    casBuild: async (ordinal: number, build: string): Promise<WriteOutcome> => {
      const [outcome, effect] = ends[n++] ?? ['ok', true];
      if (builds.length >= ordinal) return 'refused';
      if (effect) builds.push(build);
      return outcome;
    },
  };
}

const always = (): boolean => true;

async function claim(store: ReturnType<typeof table>, build: string): Promise<number | null> {
  const clock = new ManualClock();
  let done: number | null | undefined;
  void claimOrdinal(store, clock, build, always).then((ordinal) => (done = ordinal));
  for (let turns = 0; done === undefined && turns < 100; turns += 1) await clock.advance(10);
  return done ?? null;
}

describe('the ordinal of a build', () => {
  it('is the next free one for a build that was never seen (S29)', async () => {
    expect(await claim(table([]), 'b-1')).toBe(1);
    expect(await claim(table(['b-1', 'b-2']), 'b-3')).toBe(3);
  });

  it('is what it was when the build comes again, however many came after it (S29)', async () => {
    const builds = ['b-1', 'b-2', 'b-3'];
    expect(await claim(table(builds), 'b-2')).toBe(2);
    expect(builds).toEqual(['b-1', 'b-2', 'b-3']);
  });

  it('is given once, though the outcome of its claim was unknown (S29)', async () => {
    for (const effect of [true, false]) {
      const builds = ['b-1'];
      expect(await claim(table(builds, [['unknown', effect]]), 'b-2')).toBe(2);
      expect(builds).toEqual(['b-1', 'b-2']);
    }
  });

  it('is another one when another build was faster (S29)', async () => {
    const builds = ['b-1'];
    const store = table(builds);
    const read = store.builds;
    store.builds = async () => {
      const seen = await read();
      if (builds.length === 1) builds.push('faster');
      return seen;
    };
    expect(await claim(store, 'b-2')).toBe(3);
    expect(builds).toEqual(['b-1', 'faster', 'b-2']);
  });

  it('is not waited for by a host that is stopped, while the store cannot be read (S29)', async () => {
    const store = { ...table([]), builds: () => Promise.reject(new Error('no quorum')) };
    let asked = 0;
    const clock = new ManualClock();
    const claimed = claimOrdinal(store, clock, 'b-1', () => (asked += 1) < 3);
    await clock.advance(1_000);
    expect(await claimed).toBeNull();
  });
});
