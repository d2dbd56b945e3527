/**
 * Disturbance: what goes wrong by itself as virtual time passes.
 *
 * Owns: when replicas crash, come back and are cut off, when clocks jump and processes pause, for how long.
 * Does not own: what follows from it; faults of a single message or write (they are drawn where it is sent).
 *
 * Turning the dial takes effect at once: under a calm profile nothing new goes wrong, and what is wrong ends in its time
 * (`healReplicas` ends it now). Two replicas may be down together: then the store has no quorum.
 */

import type { SimEvent } from './event-queue';
import type { FaultDial, FaultProfile } from './fault-profile';
import type { Range, SimStream } from './random';
import type { Node, ReplicaSet } from './replica-set';
import type { SimClock } from './sim-clock';
import type { SimProcess } from './sim-process';
import type { StoreLinks } from './store-links';
import { label } from './trace';
import type { World } from './world';

const REPLICA = label('disturb.replica');
const PROCESS = label('disturb.process');
const SHORTEST_PAUSE_MS = 10;

/** Crashes and isolates the replicas of a set for ever after. */
export function disturbReplicas(set: ReplicaSet, dial: FaultDial): void {
  const { world } = set;
  const amnesia = world.random.stream('store.amnesia');
  for (const node of set.nodes) {
    const name = `replica-${node.replica.number}`;
    recur(
      world,
      `${name}.crash`,
      ({ store }) => store.crashEveryMs,
      dial,
      (draw) => {
        if (!node.up) return;
        set.setUp(node, false);
        later(world, draw.between(dial.profile.store.downMs), () => {
          set.setUp(node, true, !node.up && amnesia.chance(dial.profile.store.amnesia));
        });
      },
    );
    recur(
      world,
      `${name}.cut`,
      ({ store }) => store.cutEveryMs,
      dial,
      (draw) => {
        if (node.cut) return;
        set.setCut(node, true);
        later(world, draw.between(dial.profile.store.cutMs), () => set.setCut(node, false));
      },
    );
  }
}

/** Brings back and connects every replica, now. */
export function healReplicas(set: ReplicaSet): void {
  for (const node of set.nodes) heal(set, node);
}

/** Makes a process pause and its wall clock jump until it dies. */
export function disturbProcess(process: SimProcess, clock: SimClock, dial: FaultDial): void {
  const { world, name } = process;
  const lives = (): boolean => process.alive;
  const pause = (draw: SimStream): void => process.pause(drawPauseMs(draw, dial.profile.process.pauseMaxMs));
  const jump = (draw: SimStream): void => clock.jump(Math.round(draw.between(dial.profile.process.jumpMs)));
  recur(world, `${name}.pause`, (profile) => profile.process.pauseEveryMs, dial, pause, lives);
  recur(world, `${name}.jump`, (profile) => profile.process.jumpEveryMs, dial, jump, lives);
}

/** Cuts a host off the store now and then, in one direction or both, until it dies. */
export function disturbLinks(process: SimProcess, links: StoreLinks, dial: FaultDial): void {
  const { world, name } = process;
  const cut = (draw: SimStream): void => {
    const way = draw.below(3);
    if (way !== 0) links.cut(name, 'requests');
    if (way !== 1) links.cut(name, 'replies');
    later(world, draw.between(dial.profile.store.hostCutMs), () => links.mend(name));
  };
  recur(
    world,
    `${name}.store`,
    ({ store }) => store.hostCutEveryMs,
    dial,
    cut,
    () => process.alive,
  );
}

/** How fast or slow a machine's clocks run, in millionths. */
export function drawDriftPpm(world: World, dial: FaultDial): number {
  return world.random.stream('clock.drift').between(dial.profile.process.driftPpm);
}

/** From 10 ms on; each decade up to the longest is equally likely, and any length within it. */
export function drawPauseMs(draw: SimStream, longestMs: number): number {
  const decades: Range[] = [];
  for (let low = SHORTEST_PAUSE_MS; low < longestMs; low *= 10) decades.push([low, Math.min(low * 10, longestMs)]);
  return decades.length === 0 ? longestMs : draw.between(draw.of(decades));
}

function recur(
  world: World,
  name: string,
  everyMs: (profile: FaultProfile) => number,
  dial: FaultDial,
  happen: (draw: SimStream) => void,
  lives: () => boolean = () => true,
): void {
  const draw = world.random.stream(`disturb.${name}`);
  const what = name.startsWith('replica-') ? REPLICA : PROCESS;
  let pending: SimEvent | null = null;
  const arm = (): void => {
    if (pending !== null) world.cancel(pending);
    const meanMs = everyMs(dial.profile);
    pending = meanMs > 0 && lives() ? world.inside(world.nowMs + draw.between([0, 2 * meanMs]), what, strike) : null;
  };
  const strike = (): void => {
    if (lives() && draw.chance(1)) happen(draw);
    arm();
  };
  dial.onTurn(arm);
  arm();
}

function later(world: World, inMs: number, then: () => void): void {
  world.inside(world.nowMs + inMs, REPLICA, then);
}

function heal(set: ReplicaSet, node: Node): void {
  set.setUp(node, true);
  set.setCut(node, false);
}
