import type { RegisterInput, RegisterOutput } from '../checkers/models/register';
import { register } from '../checkers/models/register';
import type { Operation } from '../checkers/history';
import { UNKNOWN } from '../checkers/history';
import { checkHistory } from '../checkers/search';
import type { ProfileName } from '../faults/fault-profile';
import { PROFILES, profileOf } from '../faults/fault-profile';
import { freshSeed, storeWorld } from '../world/sim-world.fixture';
import type { WorkloadOptions } from './store-workload.fixture';
import { goneAgain, late, missed, pauseOf, watchRows } from './store-workload.fixture';

const SEEDS = [1, 2, 3, 4, 5, freshSeed()];
const HONEST: readonly ProfileName[] = [
  'calm',
  'lossy',
  'late-writes',
  'replica-down',
  'replica-cut',
  'host-cut',
  'storm',
];

describe.each(HONEST)('simulated store under the profile %s', (name) => {
  it.each(SEEDS)(
    'shows what was ok to every later read, and never takes back what it showed, seed %d',
    async (seed) => {
      const seen = await watchRows(PROFILES[name], { seed });
      expect(missed(seen)).toEqual([]);
      expect(goneAgain(seen)).toEqual([]);
      const refused = seen.writes.filter(({ outcome }) => outcome === 'refused');
      expect(refused.filter(({ seq }) => seen.final.has(seq))).toEqual([]);
    },
  );

  const fresh = freshSeed();
  it(`gives the same trace for the same seed, and if only the choices of that run are allowed, seed ${fresh}`, async () => {
    const seed = fresh;
    const first = (await watchRows(PROFILES[name], { seed })).made.world;
    expect((await watchRows(PROFILES[name], { seed })).made.world.trace.hash).toBe(first.trace.hash);
    const only = first.random.choices;
    expect((await watchRows(PROFILES[name], { seed, only })).made.world.trace.hash).toBe(first.trace.hash);
    expect((await watchRows(PROFILES[name], { seed: seed + 1 })).made.world.trace.hash).not.toBe(first.trace.hash);
  });
});

describe('simulated store', () => {
  const many = Array.from({ length: 40 }, (_, i) => i + 1);
  const options = (seed: number): WorkloadOptions => ({ seed, operations: 60, pauseMs: 100 });

  it('has every outcome, and writes of unknown outcome that appear later or never (C5)', async () => {
    const outcomes = new Set<string>();
    let [appeared, never] = [0, 0];
    for (const seed of many.slice(0, 12)) {
      const seen = await watchRows(PROFILES['late-writes'], options(seed));
      for (const { outcome } of seen.writes) outcomes.add(outcome);
      appeared += late(seen).length;
      never += seen.writes.filter(({ outcome, seq }) => outcome === 'unknown' && !seen.final.has(seq)).length;
      const down = await watchRows(PROFILES['replica-down'], { ...options(seed), pauseMs: 2_000 });
      for (const { outcome } of down.writes) outcomes.add(outcome);
    }
    expect([...outcomes].sort()).toEqual(['ok', 'refused', 'unknown']);
    expect(appeared).toBeGreaterThan(0);
    expect(never).toBeGreaterThan(0);
  });

  it('lets a write take effect after the death of its writer', async () => {
    const profile = profileOf('slow', { store: { legLate: 1, lateMs: [1_000, 60_000] } });
    const { world, dial, processOf, storeOf } = storeWorld({ seed: 1 }, profile);
    const writer = processOf('writer');
    writer.crashAtIssue(1);
    void storeOf(writer).setDead('s');
    expect(writer.alive).toBe(false);
    dial.turn(PROFILES.calm);
    const reader = storeOf(processOf('reader'));
    expect(await world.complete(reader.session('s'))).toEqual({ born: false, dead: false });
    await world.run({ untilMs: 61_000 });
    expect(await world.complete(reader.session('s'))).toEqual({ born: false, dead: true });
  });

  it('goes back in what it shows once read repair is off (C8)', async () => {
    let found = 0;
    for (const seed of many) found += goneAgain(await watchRows(PROFILES['no-read-repair'], options(seed))).length;
    expect(found).toBeGreaterThan(0);
  });

  it('loses acknowledged writes once replicas forget', async () => {
    let lost = 0;
    for (const seed of many)
      lost += missed(await watchRows(PROFILES.amnesia, { ...options(seed), pauseMs: 1_000 })).length;
    expect(lost).toBeGreaterThan(0);
  });

  it.each([...many.slice(0, 20), freshSeed()])(
    'keeps a lease linearizable, unknown outcomes included, seed %d',
    async (seed) => {
      const { history, decided } = await watchLease(seed);
      expect(history.length).toBeGreaterThan(60);
      expect(checkHistory(register, history)).toMatchObject({ verdict: 'linearizable' });
      expect(decided).toBeGreaterThan(0);
    },
  );
});

type Asked = {
  -readonly [K in keyof Operation<RegisterInput, RegisterOutput>]: Operation<RegisterInput, RegisterOutput>[K];
};

/** Five hosts read one lease and swap it for a new one; its value is the epoch. */
async function watchLease(seed: number): Promise<{ history: readonly Asked[]; decided: number }> {
  const { world, processOf, storeOf } = storeWorld({ seed }, PROFILES['paxos-unknown']);
  const draw = world.random.stream('workload');
  const history: Asked[] = [];
  let now = 0;
  let epochs = 0;
  const leaseOf = (epoch: number) => ({ owner: 'h', epoch, nonce: String(epoch) });
  const work = async (name: string): Promise<void> => {
    const process = processOf(name);
    const store = storeOf(process);
    if (name === 'host-4') process.crashAtIssue(1 + draw.below(20));
    let from: number | null = null;
    for (let i = 0; i < 20; i += 1) {
      await pauseOf(process, draw.float() * 20);
      const reads = draw.below(2) === 0;
      const op: RegisterInput = reads ? { kind: 'read' } : { kind: 'swap', from, to: (epochs += 1) };
      const asked: Asked = { client: name, key: 'lease', op, output: UNKNOWN, invokedAt: (now += 1), returnedAt: null };
      history.push(asked);
      if (op.kind === 'swap') {
        const outcome = await store.casLease(1, op.from === null ? null : leaseOf(op.from), leaseOf(op.to));
        if (outcome === 'ok') from = op.to;
        if (outcome === 'unknown') continue;
        asked.output = outcome;
      } else {
        const lease = await store.lease(1).catch((): 'lost' => 'lost');
        if (lease === 'lost') continue;
        asked.output = from = lease?.epoch ?? null;
      }
      asked.returnedAt = now += 1;
    }
  };
  for (let i = 0; i < 5; i += 1) void work(`host-${i}`);
  await world.run({ untilMs: 600_000 });
  const { counts } = world;
  return { history, decided: (counts.get('store.paxos-completed') ?? 0) + (counts.get('store.paxos-dropped') ?? 0) };
}
