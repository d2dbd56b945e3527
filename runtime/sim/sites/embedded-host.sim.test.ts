import 'reflect-metadata';
import { Entity, Query, sleep, Update } from '../../../framework/index';
import { createClient } from '../../client/client';
import type { PerdureClient } from '../../client/types';
import { drawName } from '../../host/draw-name';
import { Host } from '../../host/host';
import { DEFAULT_LIMITS } from '../../node';
import { silentLog } from '../../ports/telemetry';
import { disturbProcess } from '../faults/disturbance';
import { FaultDial, PROFILES, profileOf } from '../faults/fault-profile';
import { SimClock } from '../world/sim-clock';
import { SimDisk } from '../store/sim-disk-store';
import { simEntropy } from '../world/sim-entropy';
import { SimNetwork } from '../network/sim-network';
import { SimProcess } from '../world/sim-process';
import { SimSubjects } from '../network/sim-messenger';
import { SingleTransport } from '../network/single-transport';
import { freshSeed } from '../world/sim-world.fixture';
import { pauseOf } from '../store/store-workload.fixture';
import { World } from '../world/world';

@Entity('sim-counter')
class Counter {
  total = 0;

  @Update() async add(by: number): Promise<number> {
    if (by % 2 === 0) await sleep('1s');
    this.total += by;
    return this.total;
  }

  @Query() value(): number {
    return this.total;
  }
}

const ROUGH = profileOf(
  'rough',
  { disk: { ioError: 0.01 }, process: { pauseEveryMs: 60_000, pauseMaxMs: 20_000 } },
  PROFILES.lossy,
);
const CLIENTS = 3;
const ADDS = 10;

interface Outcome {
  readonly hash: string;
  readonly crashes: number;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly total: number;
}

/** Clients add to one counter, while its host is killed, paused and started again. */
async function run(seed: number): Promise<Outcome> {
  const world = new World({ seed });
  const dial = new FaultDial(ROUGH);
  const disk = new SimDisk(world, dial);
  const subjects = new SimSubjects(new SimNetwork(world, dial));
  const draw = world.random.stream('test');
  const transportOf = (process: SimProcess, clock: SimClock): SingleTransport =>
    new SingleTransport({
      messenger: subjects.messengerOf(process),
      clock,
      session: drawName(simEntropy(process)),
      reached: () => undefined,
    });
  let [acknowledged, unknown, crashes] = [0, 0, 0];
  let over = false;

  const startHost = (): SimProcess => {
    const process = new SimProcess(world, 'host');
    const clock = new SimClock(process);
    if (!over) process.crashAtIssue(1 + draw.below(60));
    disturbProcess(process, clock, dial);
    void Host.start({
      entities: [Counter],
      activities: [],
      store: disk.storeOf(process),
      transport: transportOf(process, clock),
      namespace: 'default',
      build: 'b1',
      clock,
      entropy: simEntropy(process),
      log: silentLog,
      checks: 'always',
      limits: DEFAULT_LIMITS,
      prepare: () => undefined,
    });
    return process;
  };
  const clientOf = (name: string): { process: SimProcess; client: PerdureClient } => {
    const process = new SimProcess(world, name);
    const clock = new SimClock(process);
    return {
      process,
      client: createClient({ transport: transportOf(process, clock), clock, entropy: simEntropy(process) }),
    };
  };

  let host = startHost();
  const work = async (name: string): Promise<void> => {
    const { process, client } = clientOf(name);
    for (let i = 0; i < ADDS; i += 1) {
      await pauseOf(process, draw.float() * 2_000);
      const by = 1 + draw.below(4);
      await client
        .entity(Counter, 'C-1')
        .add(by)
        .then(
          () => (acknowledged += by),
          () => (unknown += by),
        );
    }
  };
  const working = Promise.all(Array.from({ length: CLIENTS }, (_, i) => work(`client-${i}`)));
  const chaos = new SimProcess(world, 'chaos');
  void working.then(() => (over = true));
  void (async () => {
    while (!over) {
      await pauseOf(chaos, draw.float() * 2_000);
      if (host.alive || over) continue;
      crashes += 1;
      host = startHost();
    }
  })();
  await world.complete(working, 3_600_000);
  host.crash();
  dial.turn(PROFILES.calm);
  startHost();
  await world.run({ untilMs: world.nowMs + 60_000 });
  const total = await world.complete(clientOf('auditor').client.entity(Counter, 'C-1').value());
  return { hash: world.trace.hash, crashes, acknowledged, unknown, total };
}

describe('the embedded host in a simulated world', () => {
  it.each([1, 2, 3, 4, 5, freshSeed()])(
    'applies each acknowledged update once, whatever fails (S11, C13), seed %d',
    async (seed) => {
      const { crashes, acknowledged, unknown, total } = await run(seed);
      expect(crashes).toBeGreaterThan(0);
      expect(total).toBeGreaterThanOrEqual(acknowledged);
      expect(total).toBeLessThanOrEqual(acknowledged + unknown);
      expect(acknowledged).toBeGreaterThan(0);
    },
  );

  const fresh = freshSeed();
  it(`takes the same course for the same seed, ${fresh}`, async () => {
    expect(await run(fresh)).toEqual(await run(fresh));
  });
});
