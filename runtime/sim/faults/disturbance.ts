/**
 * Disturbance: what goes wrong by itself as virtual time passes.
 *
 * Owns: when replicas crash, come back and are cut off, when clocks jump and processes pause, for how long.
 * Does not own: what follows from it; faults of a single message or write (they are drawn where it is sent).
 *
 * Turning the dial takes effect at once: under a calm profile nothing new goes wrong, and what is wrong ends in its time
 * (`healReplicas` ends it now). Two replicas may be down together: then the store has no quorum.
 */

import type { SimEvent } from '../world/event-queue';
import type { FaultDial, FaultProfile } from './fault-profile';
import type { Range } from '../world/random';
import type { Node, ReplicaSet } from '../store/replica-set';
import type { SimClock } from '../world/sim-clock';
import { EVERYBODY } from '../network/sim-network';
import type { SimNetwork } from '../network/sim-network';
import type { SimProcess } from '../world/sim-process';
import type { StoreLinks } from '../store/store-links';
import { label } from '../world/trace';
import type { World } from '../world/world';

const REPLICA = label('disturb.replica');
const PROCESS = label('disturb.process');
const SHORTEST_PAUSE_MS = 10;

/** Of a network, what a disturbance needs. */
type Cuttable = Pick<SimNetwork, 'world' | 'cut' | 'mend'>;

/** Two floats in [0, 1), drawn for every stroke (and `ask` asked), whether or not it may happen: leaving one out moves no other. */
export type How = readonly [number, number];

/** Crashes, isolates and slows the replicas of a set for ever after. */
export function disturbReplicas(set: ReplicaSet, dial: FaultDial): void {
  const { world } = set;
  disturbReads(set, dial);
  for (const node of set.nodes) {
    const name = `replica-${node.replica.number}`;
    const amnesia = world.random.stream(`store.amnesia.${node.replica.number}`);
    recur(
      world,
      `${name}.crash`,
      ({ store }) => store.crashEveryMs,
      dial,
      ([length], forgets) => {
        if (!node.up) return;
        set.setUp(node, false);
        later(world, within(dial.profile.store.downMs, length), () => set.setUp(node, true, forgets));
      },
      { ask: () => amnesia.chance(dial.profile.store.amnesia) },
    );
    recur(
      world,
      `${name}.cut`,
      ({ store }) => store.cutEveryMs,
      dial,
      ([length]) => {
        if (node.cut) return;
        set.setCut(node, true);
        later(world, within(dial.profile.store.cutMs, length), () => set.setCut(node, false));
      },
    );
  }
}

/** Makes one replica after another the slow one, for ever after. */
function disturbReads(set: ReplicaSet, dial: FaultDial): void {
  const slow = ([which]: How): void => {
    set.world.count('store.slow-replica');
    set.slow = set.nodes[Math.floor(which * set.nodes.length)] ?? null;
  };
  recur(set.world, 'replica-slow', ({ store }) => store.slowEveryMs, dial, slow);
}

/** Brings back and connects every replica, now, and none is slow. */
export function healReplicas(set: ReplicaSet): void {
  set.slow = null;
  for (const node of set.nodes) heal(set, node);
}

/** Makes a process pause and its wall clock jump until it dies. */
export function disturbProcess(process: SimProcess, clock: SimClock, dial: FaultDial): void {
  const { world, name } = process;
  const lives = (): boolean => process.alive;
  const pause = (how: How): void => process.pause(pauseMs(how, dial.profile.process.pauseMaxMs));
  const jump = (how: How): void => clock.jump(jumpMs(how, dial.profile.process.jumpMaxMs));
  recur(world, `${name}.pause`, (profile) => profile.process.pauseEveryMs, dial, pause, { lives });
  const stall = ([length]: How): void => {
    world.count('process.stall');
    process.pause(within(dial.profile.process.stallMs, length));
  };
  recur(world, `${name}.jump`, (profile) => profile.process.jumpEveryMs, dial, jump, { lives });
  recur(world, `${name}.stall`, (profile) => profile.process.stallEveryMs, dial, stall, { lives });
}

/** Makes a host die, lose its heartbeats and end in order, until it is dead. `drain` begins an orderly end. */
export function disturbHost(process: SimProcess, links: StoreLinks | null, dial: FaultDial, drain: () => void): void {
  const { world, name } = process;
  const lives = (): boolean => process.alive;
  const crash = ([part]: How): void => process.crashAtIssue(1 + Math.floor(part * dial.profile.hosts.crashWithin));
  const mute = ([length]: How): void => {
    if (links === null) return;
    links.cut(name, 'beats');
    later(world, within(dial.profile.hosts.muteMs, length), () => links.mend(name, ['beats']));
  };
  recur(world, `${name}.crash`, ({ hosts }) => hosts.crashEveryMs, dial, crash, { lives });
  recur(world, `${name}.mute`, ({ hosts }) => hosts.muteEveryMs, dial, mute, { lives });
  recur(world, `${name}.drain`, ({ hosts }) => hosts.drainEveryMs, dial, drain, { lives });
}

/** Cuts a machine off all others now and then, in one direction or both, for ever after. */
export function disturbNetwork(name: string, network: Cuttable, dial: FaultDial): void {
  const { world } = network;
  const cut = ([direction, length]: How): void => {
    const way = Math.floor(direction * 3);
    if (way !== 0) network.cut(name, EVERYBODY);
    if (way !== 1) network.cut(EVERYBODY, name);
    later(world, within(dial.profile.network.cutMs, length), () => {
      network.mend(name, EVERYBODY);
      network.mend(EVERYBODY, name);
    });
  };
  recur(world, `${name}.network`, (profile) => profile.network.cutEveryMs, dial, cut);
}

/** Cuts a host off the store now and then, in one direction or both, until it dies. */
export function disturbLinks(process: SimProcess, links: StoreLinks, dial: FaultDial): void {
  const { world, name } = process;
  const cut = ([direction, length]: How): void => {
    const way = Math.floor(direction * 3);
    if (way !== 0) links.cut(name, 'requests');
    if (way !== 1) links.cut(name, 'replies');
    later(world, within(dial.profile.store.hostCutMs, length), () => links.mend(name, ['requests', 'replies']));
  };
  recur(world, `${name}.store`, ({ store }) => store.hostCutEveryMs, dial, cut, { lives: () => process.alive });
}

/** How fast or slow a machine's clocks run, in millionths. */
export function drawDriftPpm(world: World, dial: FaultDial): number {
  return world.random.stream('clock.drift').between(dial.profile.process.driftPpm);
}

/** Either way, and as long as a pause may be. */
export function jumpMs([direction, length]: How, longestMs: number): number {
  const ahead = direction < 0.5;
  const decade = ahead ? direction * 2 : direction * 2 - 1;
  return Math.round(pauseMs([decade, length], longestMs)) * (ahead ? 1 : -1);
}

/** From 10 ms on; each decade up to the longest is equally likely, and any length within it. */
export function pauseMs([decade, length]: How, longestMs: number): number {
  const decades: Range[] = [];
  for (let low = SHORTEST_PAUSE_MS; low < longestMs; low *= 10) decades.push([low, Math.min(low * 10, longestMs)]);
  const drawn = decades[Math.floor(decade * decades.length)];
  return drawn === undefined ? longestMs : within(drawn, length);
}

function recur(
  world: World,
  name: string,
  everyMs: (profile: FaultProfile) => number,
  dial: FaultDial,
  happen: (how: How, answer: boolean) => void,
  { lives = () => true, ask = () => false }: { lives?: () => boolean; ask?: () => boolean } = {},
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
    const how = [draw.float(), draw.float()] as const;
    const answer = ask();
    if (lives() && draw.chance(1)) happen(how, answer);
    arm();
  };
  dial.onTurn(() => {
    arm();
    return lives();
  });
  arm();
}

function within([low, high]: Range, part: number): number {
  return low + part * (high - low);
}

function later(world: World, inMs: number, then: () => void): void {
  world.inside(world.nowMs + inMs, REPLICA, then);
}

function heal(set: ReplicaSet, node: Node): void {
  set.setUp(node, true);
  set.setCut(node, false);
}
