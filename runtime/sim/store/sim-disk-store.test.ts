import { PerdureError } from '../../../framework/errors';
import type { AppendResult, StoreSession } from '../../ports/history-store';
import { describeHistoryStore } from '../../store/store.contract';
import { INDEX, keyOf, rowOf } from '../../store/store.fixture';
import type { FaultProfile } from '../faults/fault-profile';
import { FaultDial, PROFILES, profileOf } from '../faults/fault-profile';
import { pump } from '../world/pump.fixture';
import { SimDisk } from './sim-disk-store';
import { SimProcess } from '../world/sim-process';
import { freshSeed } from '../world/sim-world.fixture';
import { label } from '../world/trace';
import { World } from '../world/world';

const X = label('x');

describeHistoryStore('simulated disk store without faults', async () => {
  const world = new World({ seed: 1 });
  const disk = new SimDisk(world, new FaultDial(PROFILES.calm));
  return { store: disk.storeOf(new SimProcess(world, 'h')), dispose: pump(world) };
});

interface Made {
  readonly world: World;
  readonly dial: FaultDial;
  readonly disk: SimDisk;
  start(): Promise<{ process: SimProcess; session: StoreSession }>;
}

function setUp(seed: number, profile: FaultProfile = PROFILES.calm): Made {
  const world = new World({ seed });
  const dial = new FaultDial(profile);
  const disk = new SimDisk(world, dial);
  const start = async (): Promise<{ process: SimProcess; session: StoreSession }> => {
    const process = new SimProcess(world, 'h');
    return { process, session: await world.complete(disk.storeOf(process).open()) };
  };
  return { world, dial, disk, start };
}

const key = keyOf('a');
const record = (seq: number) => ({ key, row: rowOf(seq), index: seq === 1 ? INDEX : null });

/** Appends rows in small batches, as fast as they are taken; tells what was acknowledged. */
function appendAll(session: StoreSession, rows: number): Map<number, AppendResult> {
  const told = new Map<number, AppendResult>();
  for (let seq = 1; seq <= rows; seq += 2) {
    void session.append([record(seq), record(seq + 1)]).then((results) => {
      results.forEach((result, i) => told.set(seq + i, result));
    });
  }
  return told;
}

async function tailOf({ world, start }: Made): Promise<number> {
  const { session } = await start();
  const { rows } = await world.complete(session.load(key));
  expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, i) => i + 1));
  return rows.length;
}

describe('simulated disk', () => {
  const fresh = freshSeed();
  const seeds = [...Array.from({ length: 40 }, (_, i) => i), fresh];

  it(`keeps what was acknowledged when the process dies, and any number of rows after it (C13), seed ${fresh}`, async () => {
    const surplus = new Set<number>();
    for (const seed of seeds) {
      const made = setUp(seed);
      const { process, session } = await made.start();
      const told = appendAll(session, 4);
      made.world.inside(6, X, () => void appendAll(session, 12));
      made.world.inside(6 + (seed % 9), X, () => process.crash());
      await made.world.run({ untilMs: 100 });
      const acknowledged = [...told.values()].filter((result) => result === 'ok').length;
      const tail = await tailOf(made);
      expect(tail).toBeGreaterThanOrEqual(acknowledged);
      surplus.add(tail - acknowledged);
    }
    expect(surplus.has(0) && surplus.has(1) && [...surplus].some((rows) => rows > 3)).toBe(true);
  });

  it('shows nothing that is not durable yet', async () => {
    const { world, start } = setUp(1);
    const { session } = await start();
    let acknowledged = false;
    void session.append([record(1)]).then(() => (acknowledged = true));
    const shown = await world.complete(session.index(key));
    expect([shown, acknowledged]).toEqual([null, false]);
  });

  it.each(['ioError', 'full'] as const)('answers unknown for ever after %s, and tells why (C13)', async (fault) => {
    const faulty = profileOf('faulty', { disk: { [fault]: 1, fullMs: [5_000, 5_001] } });
    const made = setUp(3);
    const { session } = await made.start();
    const first = appendAll(session, 2);
    await made.world.run();
    made.dial.turn(faulty);
    const rest = appendAll(session, 8);
    const reason = await made.world.complete(session.lost);
    expect(reason).toBeInstanceOf(PerdureError);
    expect(reason.reason).toBe(fault === 'full' ? 'disk_full' : 'io_error');
    await made.world.run();
    expect([[...first.values()], [...rest.values()]]).toEqual([Array(2).fill('ok'), Array(8).fill('unknown')]);
    expect(await session.append([record(9)])).toEqual(['unknown']);
    expect(await session.fence()).toBe(false);
    await expect(session.load(key)).rejects.toMatchObject({ code: 'unavailable' });
    made.dial.turn(PROFILES.calm);
    expect(await tailOf(made)).toBeGreaterThanOrEqual(2);
  });

  it('stays full for a while, whoever opens it', async () => {
    const made = setUp(4, profileOf('full', { disk: { full: 1, fullMs: [5_000, 5_001] } }));
    const outcomeOf = async (): Promise<AppendResult | undefined> => {
      const { process, session } = await made.start();
      const [outcome] = await made.world.complete(session.append([record(1)]));
      process.crash();
      return outcome;
    };
    expect(await outcomeOf()).toBe('unknown');
    made.dial.turn(PROFILES.calm);
    expect(await outcomeOf()).toBe('unknown');
    await made.world.run({ untilMs: 10_000 });
    expect(await outcomeOf()).toBe('ok');
  });

  it('is one process’s at a time: a paused one keeps it, a dead one does not', async () => {
    const { world, disk, start } = setUp(1);
    const { process } = await start();
    process.pause(1_000);
    const other = disk.storeOf(new SimProcess(world, 'h'));
    await expect(other.open()).rejects.toMatchObject({ code: 'unavailable', reason: 'locked' });
    process.crash();
    expect((await other.open()).epoch).toBeGreaterThan(1);
  });

  it('takes the row as it was when it was appended', async () => {
    const { world, start } = setUp(1);
    const { session } = await start();
    const bytes = Uint8Array.of(1);
    const pending = session.append([{ key, row: { ...rowOf(1), bytes }, index: INDEX }]);
    bytes[0] = 2;
    expect(await world.complete(pending)).toEqual(['ok']);
    expect((await world.complete(session.load(key))).rows[0]?.bytes).toEqual(Uint8Array.of(1));
  });
});
