/**
 * Wake audit: does everything that has a timer or open work get woken, if nobody asks it anything? (C9)
 *
 * Owns: two looks at a healed site. `unfoundWake`: would the next owner of each shard find in the index, as it stands in
 * the store, what the histories need? `unfiredTimer`: do those timers fire that are due meanwhile? Both look again and
 * again until it is so, or the time for it is over. Does not own: the index (`shard/waking`).
 *
 * A timer is found by an entry that no watermark hides and that stands no later than it is due, or at its watermark's
 * edge; or by an entry of open work. A last turn that nobody was told of need not be indexed (`states`).
 */

import { definitionOf } from '../../../framework/model/definition';
import type { EntityClass } from '../../../framework/model/definition';
import { keyText } from '../../../framework/model/identity';
import type { Clock } from '../../ports/clock';
import type { ClusterStore, IndexEntry, IndexPart } from '../../ports/cluster-store';
import type { EntityIndex } from '../../ports/history-store';
import { shardOf } from '../../wire/shard-map';
import type { ReadHistory } from './invariants';
import type { Told } from '../network/witness';
import { entityText } from '../network/witness';
import type { World } from '../world/world';
import type { History, StateAt, States } from './states';
import { answeredSeqs, unreleased } from './states';

interface Looked {
  readonly world: World;
  readonly readHistory: ReadHistory;
  /** Of the newest version. */
  readonly entities: readonly EntityClass[];
  readonly ids: readonly string[];
  readonly told: readonly Told[];
  readonly states: States;
  /** For so long it may be otherwise; virtual milliseconds. */
  readonly withinMs: number;
}

export interface WakeAuditOptions extends Looked {
  readonly store: ClusterStore;
}

export interface TimerAuditOptions extends Looked {
  /** As right as those of the hosts. */
  readonly clock: Clock;
}

interface Judged extends History {
  readonly at: StateAt;
}

/** What stands in a shard's index, by the text of its entities. */
interface Standing {
  /** The earliest place that is read. */
  readonly timers: ReadonlyMap<string, number>;
  readonly work: ReadonlySet<string>;
}

const LOOK_AGAIN_MS = 1_000;
const READ_MS = 30 * 60_000;
const ENTRIES = 1_000;
/** A host fires a timer at most so late that was due while the site was healed. */
const LATE_MS = 20_000;

/** Null once everything is found; else the first that is not, in words. */
export async function unfoundWake({ store, ...options }: WakeAuditOptions): Promise<string | null> {
  const answered = answeredSeqs(options.told);
  return eventually(options, async () => {
    const shards = await store.shards();
    const all = await historiesOf(options);
    const standing = await Promise.all(Array.from({ length: shards }, (_, shard) => standingIn(store, shard)));
    return async () => {
      for (const one of await judged(options.states, all)) {
        const { key, rows, at } = one;
        const lastTurn = unreleased(one, answered.get(entityText(key)) ?? 0);
        const stands = standing[shardOf(key, shards)] as Standing;
        const fault = unfound(entityText(key), stands, at(rows.length));
        if (fault === null || (lastTurn !== null && unfound(entityText(key), stands, at(lastTurn)) === null)) continue;
        return `${keyText(key)}: ${fault}, at row ${rows.at(-1)?.seq ?? 0} (C9)`;
      }
      return null;
    };
  });
}

/** Null once none is open that was due soon; else the first that is late, in words. */
export async function unfiredTimer({ clock, ...options }: TimerAuditOptions): Promise<string | null> {
  const soon = clock.now() + LATE_MS;
  const answered = answeredSeqs(options.told);
  let late: string | null = null;
  const open = await eventually(options, async () => {
    const all = await historiesOf(options);
    return async () => {
      late = null;
      let first: string | null = null;
      for (const one of await judged(options.states, all)) {
        const { key, rows, at } = one;
        const wakeAt = at(rows.length)?.wakeAt ?? null;
        if (wakeAt === null || wakeAt > soon) continue;
        const lastTurn = unreleased(one, answered.get(entityText(key)) ?? 0);
        if (lastTurn !== null && (at(lastTurn)?.wakeAt ?? Infinity) > soon) continue;
        first ??= keyText(key);
        if (clock.now() - wakeAt > LATE_MS) late ??= `${keyText(key)}: nobody has fired what was due at ${wakeAt} (C9)`;
      }
      return first;
    };
  });
  return open === null ? null : late;
}

/** Looks inside the world, judges outside of it, and looks again while something is wrong. */
async function eventually(
  { world, withinMs }: Looked,
  look: () => Promise<() => Promise<string | null>>,
): Promise<string | null> {
  for (const untilMs = world.nowMs + withinMs; ;) {
    const unread = (error: unknown) => async () => String(error);
    const judge = await world.complete(look().catch(unread), world.nowMs + READ_MS);
    const fault = await judge();
    if (fault === null || world.nowMs >= untilMs) return fault;
    await world.run({ untilMs: world.nowMs + LOOK_AGAIN_MS });
  }
}

/** Of all that anybody asked for. */
async function historiesOf({ entities, ids, told, readHistory }: Looked): Promise<readonly History[]> {
  const all: History[] = [];
  for (const entity of entities) {
    const { type } = definitionOf(entity);
    const others = told.filter(({ request }) => request.key.type === type).map(({ request }) => request.key.id);
    for (const id of new Set([...ids, ...others])) {
      const key = { namespace: 'default', type, id };
      all.push({ entity, key, rows: await readHistory(key) });
    }
  }
  return all;
}

async function judged(states: States, all: readonly History[]): Promise<readonly Judged[]> {
  const judged: Judged[] = [];
  for (const one of all) {
    const at = await states.of(one);
    if (at !== null) judged.push({ ...one, at });
  }
  return judged;
}

async function standingIn(store: ClusterStore, shard: number): Promise<Standing> {
  const timers = new Map<string, number>();
  const work = new Set<string>();
  const [parts, watermarks] = await Promise.all([store.parts(shard), store.watermarks(shard)]);
  for (const part of parts) {
    if (part.kind !== 'timer' && part.kind !== 'work') continue;
    const hidden = Math.max(0, ...watermarks.filter(({ epoch }) => epoch >= part.epoch).map(({ at }) => at));
    const edge = (watermarks.find(({ epoch }) => epoch === part.epoch)?.at ?? 0) + 1;
    for (const { at, key } of await entriesOf(store, shard, part)) {
      const text = entityText(key);
      if (part.kind === 'work') work.add(text);
      else if (at > hidden) timers.set(text, Math.min(timers.get(text) ?? Infinity, at === edge ? -Infinity : at));
    }
  }
  return { timers, work };
}

async function entriesOf(store: ClusterStore, shard: number, part: IndexPart): Promise<readonly IndexEntry[]> {
  const all: IndexEntry[] = [];
  for (;;) {
    const page = await store.entries(shard, part, all.at(-1) ?? null, ENTRIES);
    all.push(...page);
    if (page.length < ENTRIES) return all;
  }
}

function unfound(text: string, { timers, work }: Standing, index: EntityIndex | null): string | null {
  if (index === null || work.has(text)) return null;
  if (index.open) return 'has open work, and the index does not have it';
  if (index.wakeAt === null || (timers.get(text) ?? Infinity) <= Math.ceil(index.wakeAt)) return null;
  const standsAt = timers.get(text);
  return `is due at ${index.wakeAt}, and the index has it ${standsAt === undefined ? 'nowhere' : `at ${standsAt}`}`;
}
