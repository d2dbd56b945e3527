/**
 * Simulated watchdog: steps that never end, and steps that take all memory, in a simulated process (S20).
 *
 * Owns: what handlers of a workload call to be such steps, and what the watchdog's thread then does: it writes the
 * `running` row once the step has lasted STEP_SUSPECT_MS of the process's own time, and kills at STEP_KILL_MS.
 * Does not own: what follows from a row (`activation/poison`).
 *
 * A workload's handler calls `hang(…)` or `exhaust(…)`, which never return, with what the casualties are to call it:
 *
 *     @Signal() async poke(what: string): Promise<void> { if (isPoison(what)) hang(what); … }
 *
 * A site makes one for each process, `new SimWatchdog(process, clusterRows(links))`, and hands it to the host or shard
 * as its `watchdog`. The thread has a store connection of its own: a SimProcess of the same machine, which the seizure
 * of the main one does not touch. Row, kill and exhaustion are counted as `watchdog.…`.
 *
 * Note for sites: with `stableMs` at its default hosts that crash often are careful nearly always, and an innocent input
 * may be suspected twice; it is then refused or held as the rules say. Give a small `stableMs` where that is not wanted.
 */

import { assert } from '../../../framework/assert';
import { STEP_KILL_MS, STEP_SUSPECT_MS, WATCHDOG_LOOK_MS } from '../../config';
import type { Place, Running, Watchdog, WatchedStep } from '../../ports/watchdog';
import type { Casualty } from './casualties';
import { casualtiesOf } from './casualties';
import { SimProcess } from '../world/sim-process';
import { SimStore } from '../store/sim-store';
import type { StoreCluster } from '../store/store-cluster';
import { label } from '../world/trace';

/** Sets a row; true once durable. */
export type WriteRow = (place: Place, order: number, running: Running) => Promise<boolean>;

/** How the watchdog's thread writes, given the simulated thread itself. */
export type Connect = (thread: SimProcess) => WriteRow;

const LOOK = label('watchdog.look');

/** Whose step runs: simulated processes share one real thread. */
let running: SimWatchdog | null = null;

function turnTo(watchdog: SimWatchdog | null): void {
  running = watchdog;
}

/** Called by a handler, a query or a predicate: its step never ends. */
export function hang(what: string): never {
  assert(running !== null, 'hang() is called in a step that a simulated watchdog watches');
  return running.hang(what);
}

/** Called by a handler, a query or a predicate: its step takes all memory, and the process dies at once. */
export function exhaust(what: string): never {
  assert(running !== null, 'exhaust() is called in a step that a simulated watchdog watches');
  return running.exhaust(what);
}

export function clusterRows(cluster: StoreCluster): Connect {
  return (thread) => {
    const store = new SimStore(cluster, thread);
    return async (place, order, step) => (await store.writeRunning(place, order, step)) === 'ok';
  };
}

export class SimWatchdog implements Watchdog {
  private readonly steps: WatchedStep[] = [];

  constructor(
    private readonly process: SimProcess,
    private readonly connect: Connect,
  ) {}

  begin(step: WatchedStep): void {
    this.steps.push(step);
    turnTo(this);
  }

  end(): void {
    this.steps.pop();
    if (this.steps.length === 0 && running === this) turnTo(null);
  }

  hang(what: string): never {
    const { process } = this;
    const casualty = this.casualty(what);
    if (casualty !== null) {
      process.seize();
      process.world.count('watchdog.hang');
      this.watch(casualty);
    }
    throw new Error('this step never ends: nothing after it runs');
  }

  exhaust(what: string): never {
    if (this.casualty(what) !== null) {
      this.process.world.count('watchdog.exhaust');
      this.process.crash();
    }
    throw new Error('this process has no memory left: nothing after it runs');
  }

  /** Null for left-over code of a process that is as good as dead. */
  private casualty(what: string): Casualty | null {
    const { process } = this;
    const step = this.steps.at(-1);
    if (step === undefined || !process.acts) return null;
    return casualtiesOf(process.world).fell(what, step, process);
  }

  /** What the watchdog's thread sees from now on; it stands while the process is paused. */
  private watch(casualty: Casualty): void {
    const { place, order, written, key, input, build } = casualty.step;
    const { process } = this;
    const { world } = process;
    const write = this.connect(new SimProcess(world, process.name));
    let lastedMs = 0;
    let row: 'none' | 'on its way' | 'durable' = written ? 'durable' : 'none';
    const note = (durable: boolean): void => {
      row = durable ? 'durable' : 'none';
      if (durable) casualty.rowAtMs = world.nowMs;
    };
    const look = (): void => {
      if (!process.alive) return;
      if (!process.paused) lastedMs += WATCHDOG_LOOK_MS;
      if (lastedMs >= STEP_SUSPECT_MS && row === 'none') {
        row = 'on its way';
        world.count('watchdog.row');
        casualtiesOf(world).issued(place, { key, input, build });
        void write(place, order, { key, input, build }).then(note);
      }
      if (lastedMs >= STEP_KILL_MS) {
        world.count('watchdog.kill');
        process.crash();
      } else world.inside(world.nowMs + WATCHDOG_LOOK_MS, LOOK, look);
    };
    look();
  }
}
