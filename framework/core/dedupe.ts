/**
 * Dedupe: which message ids an entity has seen, and where their outcomes are (S11, S12, S16).
 *
 * Owns: the window of ids of the client library (per client session), that of caller-given ids, their expiry, and the
 * immutable segments into which the latter are sealed. Part of the ledger: only recorded facts and step times enter.
 * Does not own: the outcomes themselves (they stay in the history), reading segments from a store.
 *
 * Invariants: an id is never forgotten by count, but for MAX_GIVEN_IDS (counted); a wall clock is never compared with
 * an id; a pending id is never forgotten. A segment's name has one content for ever, whoever seals it: it carries the
 * hash. Names without one (`ids-1`) stand in histories of one writer, and stay readable.
 */

import { hash } from 'node:crypto';
import { decodeValue, encodeValue } from '../codec/value';
import { assert } from '../assert';
import type { MessageId, Position } from '../model/identity';
import { isPlanted } from '../planted-bugs';
import {
  GIVEN_WINDOW_MS,
  MAX_EVICTED_SESSIONS,
  MAX_GIVEN_IDS,
  MAX_SESSIONS,
  MAX_SESSION_IDS,
  SEGMENT_IDS,
  SESSION_WINDOW_MS,
} from './limits';
import { packSegment, unpackSegment } from './segment';
import { dropDone, dropOld, findId, insertId, isIdle, makesRoom } from './session-window';
import type { ClientSession, SessionId } from './session-window';
import type { GivenId, Remembered } from './segment';

export type Verdict =
  | { readonly state: 'new' }
  | { readonly state: 'pending' }
  | { readonly state: 'done'; readonly at: Position }
  | { readonly state: 'conflict' }
  | { readonly state: 'too_old' }
  | { readonly state: 'full' };

interface SegmentRef {
  readonly name: string;
  readonly newest: number;
  readonly count: number;
  /** The least seq of an outcome in it; 1 where it was not recorded. */
  readonly oldestSeq: number;
}

const NEW: Verdict = { state: 'new' };
const PENDING: Verdict = { state: 'pending' };
const SWEEP_MS = 3_600_000;
/** Of the SHA-256 of its bytes, in a segment's name. */
const SEGMENT_HASH_DIGITS = 32;

/** 128-bit hash of a caller-given id, as 16 latin1 characters. */
export function hashId(id: string): string {
  return hash('sha256', id, 'buffer').toString('latin1', 0, 16);
}

/** 64-bit hash of encoded arguments, independent of the order of keys; of the bytes where they are no arguments. */
export function hashPayload(args: Uint8Array): string {
  return hash('sha256', canonical(args), 'buffer').toString('latin1', 0, 8);
}

function canonical(args: Uint8Array): Uint8Array {
  try {
    return encodeValue(decodeValue(args), { classes: 'plain', sortKeys: true });
  } catch {
    return args;
  }
}

export class Dedupe {
  private sessions: ClientSession[] = [];
  /** Highest n of evicted client sessions, oldest first. */
  private readonly evicted = new LazyMap<string, number>();
  private readonly fresh = new LazyMap<string, GivenId>();
  private readonly sealed = new LazyMap<string, GivenId>();
  private segments: SegmentRef[] = [];
  private segmentsLoaded = true;
  private nextSegment = 1;
  private swept = 0;
  /** Caller-given ids that went early for MAX_GIVEN_IDS. */
  forgottenEarly = 0;

  /** What is known of an id at a time. `payload` is looked at for caller-given ids alone. */
  look(id: MessageId, payload: () => string, now = -Infinity): Verdict {
    if ('given' in id) return this.lookGiven(id.given, payload);
    const client = this.sessions.find((candidate) => candidate.session === id.session);
    if (client === undefined) return this.lookUnknownSession(id.session, id.n, now);
    const known = findId(client.ids, id.n);
    if (known !== undefined) return verdictOf(known);
    if (id.n < client.doneBelow || id.n < client.evictedBelow) return { state: 'too_old' };
    return client.ids.length >= MAX_SESSION_IDS && !makesRoom(client, id.doneBelow) ? { state: 'full' } : NEW;
  }

  /** What is remembered of an id, whatever its payload; null when nothing is. */
  find(id: MessageId): Remembered | null {
    if (!('given' in id)) return this.findSessionId(id.session, id.n) ?? null;
    const key = hashId(id.given);
    return this.fresh.get(key) ?? this.sealed.get(key) ?? null;
  }

  /** Remembers the arrival of an id at a step time; `operation` ids are kept for OPERATION_WINDOW_MS. */
  begin(id: MessageId, payload: () => string, time: number, operation: boolean): void {
    this.sweep(time);
    const entry = { seq: 0, index: 0, time, operation };
    if ('given' in id) {
      this.fresh.set(hashId(id.given), { ...entry, payload: payload() });
      return;
    }
    const client = this.clientFor(id.session, time);
    client.touched = time;
    insertId(client, { n: id.n, ...entry });
    const doneBelow = isPlanted('done-below-newest') ? id.n : id.doneBelow;
    if (doneBelow <= client.doneBelow) return;
    client.doneBelow = doneBelow;
    dropDone(client);
  }

  /** The outcome of an id stands at a position. */
  answer(id: MessageId, at: Position, time: number): void {
    const known = 'given' in id ? this.fresh.get(hashId(id.given)) : this.findSessionId(id.session, id.n);
    assert(known !== undefined, 'an answered id is remembered (S11)');
    known.seq = at.seq;
    known.index = at.index;
    known.time = time;
  }

  /** Whoever sent a pending id was given its operation: its outcome is kept as long as that of a submitted one (S19). */
  keepOutcome(id: MessageId): void {
    const known = 'given' in id ? this.fresh.get(hashId(id.given)) : this.findSessionId(id.session, id.n);
    if (known?.seq === 0) known.operation = true;
  }

  /** Names of the segments that must be loaded before a caller-given id can be looked up; empty when none is missing. */
  missingSegments(): readonly string[] {
    return this.segmentsLoaded ? [] : this.segments.map((segment) => segment.name);
  }

  loadSegments(contents: readonly Uint8Array[]): void {
    for (const bytes of contents) for (const [key, id] of unpackSegment(bytes)) this.keepSealed(key, id);
    this.segmentsLoaded = true;
  }

  /** In the order of the segments, and within them. */
  private keepSealed(key: string, id: GivenId): void {
    this.sealed.delete(key);
    this.sealed.set(key, id);
  }

  get size(): number {
    const given = this.fresh.size + this.segments.reduce((sum, segment) => sum + segment.count, 0);
    return this.sessions.reduce((sum, client) => sum + client.ids.length, given);
  }

  /** The least seq of an outcome that may still be asked for; Infinity without one. */
  get oldestSeq(): number {
    let oldest = this.segments.reduce((least, { oldestSeq }) => Math.min(least, oldestSeq), Infinity);
    for (const [, { seq }] of this.fresh.entries()) if (seq > 0) oldest = Math.min(oldest, seq);
    for (const { ids } of this.sessions) for (const { seq } of ids) if (seq > 0) oldest = Math.min(oldest, seq);
    return oldest;
  }

  /** Seals full segments for a snapshot and returns them; they must be written together with it. */
  seal(segmentIds = SEGMENT_IDS): { readonly name: string; readonly bytes: Uint8Array }[] {
    const made: { name: string; bytes: Uint8Array }[] = [];
    let settled = [...this.fresh.entries()].filter(([, id]) => id.seq > 0);
    while (settled.length >= segmentIds) {
      const part = settled.slice(0, segmentIds);
      settled = settled.slice(segmentIds);
      const bytes = packSegment(part);
      const name = segmentName(this.nextSegment++, bytes);
      const newest = part.reduce((latest, [, id]) => Math.max(latest, id.time), 0);
      const oldestSeq = part.reduce((least, [, id]) => Math.min(least, id.seq), Infinity);
      made.push({ name, bytes });
      this.segments.push({ name, newest, count: part.length, oldestSeq });
      for (const [key, id] of part) {
        this.fresh.delete(key);
        if (this.segmentsLoaded) this.keepSealed(key, id);
      }
    }
    return made;
  }

  image(): unknown[] {
    const sessions = isPlanted('dedupe-lost-in-snapshot') ? [] : this.sessions;
    return [
      sessions.map((client) => [
        client.session,
        client.doneBelow,
        client.touched,
        client.ids.map((id) => [id.n, id.seq, id.index, id.time, id.operation]),
        client.evictedBelow,
      ]),
      [...this.evicted.entries()],
      packSegment([...this.fresh.entries()]),
      this.segments.map(({ name, newest, count, oldestSeq }) => [name, newest, count, oldestSeq]),
      this.nextSegment,
      this.swept,
      this.forgottenEarly,
    ];
  }

  static fromImage(image: unknown): Dedupe {
    const [sessions, evicted, fresh, segments, nextSegment, swept, forgotten] = image as [
      [string, number, number, [number, number, number, number, boolean][], number][],
      [string, number][],
      Uint8Array,
      [name: string, newest: number, count: number, oldestSeq?: number][],
      number,
      number,
      number,
    ];
    const dedupe = new Dedupe();
    for (const [session, doneBelow, touched, ids, evictedBelow] of sessions) {
      const list = ids.map(([n, seq, index, time, operation]) => ({ n, seq, index, time, operation }));
      dedupe.sessions.push({ session, doneBelow, evictedBelow, touched, ids: list });
    }
    for (const [session, n] of evicted) dedupe.evicted.set(session, n);
    for (const [key, id] of unpackSegment(fresh)) dedupe.fresh.set(key, id);
    dedupe.segments = segments.map(([name, newest, count, oldestSeq = 1]) => ({ name, newest, count, oldestSeq }));
    dedupe.segmentsLoaded = segments.length === 0;
    dedupe.nextSegment = nextSegment;
    dedupe.swept = swept;
    dedupe.forgottenEarly = forgotten;
    return dedupe;
  }

  private lookGiven(id: string, payload: () => string): Verdict {
    assert(this.segmentsLoaded, 'segments are loaded before a caller-given id is looked up (S11)');
    const key = hashId(id);
    const known = this.fresh.get(key) ?? this.sealed.get(key);
    if (known === undefined || this.isPast(known)) return NEW;
    return known.payload === payload() || isPlanted('conflict-unseen') ? verdictOf(known) : { state: 'conflict' };
  }

  private lookUnknownSession(session: string, n: number, now: number): Verdict {
    const newest = this.evicted.get(session);
    if (newest !== undefined && n <= newest) return { state: 'too_old' };
    return this.sessions.length < MAX_SESSIONS || this.sessions.some((client) => isIdle(client, now))
      ? NEW
      : { state: 'full' };
  }

  private clientFor(session: string, time: number): ClientSession {
    const found = this.sessions.find((client) => client.session === session);
    if (found !== undefined) return found;
    if (this.sessions.length >= MAX_SESSIONS) this.evictIdle(time);
    if (isPlanted('dedupe-evicted-by-count')) this.sessions.splice(0, this.sessions.length - 1);
    const evictedBelow = (this.evicted.get(session) ?? -1) + 1;
    this.evicted.delete(session);
    const made: ClientSession = { session, doneBelow: 0, evictedBelow, ids: [], touched: time };
    if (this.sessions.length === 0) this.sessions = [made];
    else this.sessions.push(made);
    return made;
  }

  private findSessionId(session: string, n: number): SessionId | undefined {
    const client = this.sessions.find((candidate) => candidate.session === session);
    return client === undefined ? undefined : findId(client.ids, n);
  }

  /** Expires by step time, at most once an hour of it. */
  private sweep(time: number): void {
    while (this.givenIds > MAX_GIVEN_IDS && this.forgetOldestGiven());
    if (time - this.swept < SWEEP_MS) return;
    this.swept = time;
    for (const [key, id] of this.fresh.entries()) if (this.isPast(id)) this.fresh.delete(key);
    for (const [key, id] of this.sealed.entries()) if (this.isPast(id)) this.sealed.delete(key);
    this.segments = this.segments.filter((segment) => segment.newest + GIVEN_WINDOW_MS >= time);
    this.evictIdle(time);
  }

  private evictIdle(time: number): void {
    for (let at = this.sessions.length - 1; at >= 0; at -= 1) this.evictIfIdle(at, time);
  }

  private evictIfIdle(at: number, time: number): void {
    const client = this.sessions[at];
    assert(client !== undefined, 'a swept session exists');
    dropOld(client, time);
    if (client.ids.length > 0 || client.touched + SESSION_WINDOW_MS >= time) return;
    this.sessions.splice(at, 1);
    this.evicted.set(client.session, Math.max(client.evictedBelow, client.doneBelow) - 1);
    if (this.evicted.size > MAX_EVICTED_SESSIONS) this.evicted.keepLast(MAX_EVICTED_SESSIONS);
  }

  private get givenIds(): number {
    return this.segments.reduce((sum, segment) => sum + segment.count, this.fresh.size);
  }

  /** Its window has passed, as of the last sweep. */
  private isPast(id: GivenId): boolean {
    return id.seq > 0 && id.time + GIVEN_WINDOW_MS < this.swept;
  }

  /** The oldest segment as a whole, whether it is loaded or not; without one the oldest id that is not pending. */
  private forgetOldestGiven(): boolean {
    const segment = this.segments.shift();
    if (segment !== undefined) {
      this.forgottenEarly += segment.count;
      this.sealed.keepLast(this.segments.reduce((sum, { count }) => sum + count, 0));
      return true;
    }
    for (const [key, id] of this.fresh.entries()) {
      if (id.seq === 0) continue;
      this.fresh.delete(key);
      this.forgottenEarly += 1;
      return true;
    }
    return false;
  }
}

/** A Map that costs nothing until it is written to: most entities never need one. */
class LazyMap<K, V> {
  private map: Map<K, V> | null = null;

  get size(): number {
    return this.map?.size ?? 0;
  }

  get(key: K): V | undefined {
    return this.map?.get(key);
  }

  set(key: K, value: V): void {
    (this.map ??= new Map()).set(key, value);
  }

  delete(key: K): void {
    this.map?.delete(key);
  }

  /** Deletes from the first on until no more than `count` are left. */
  keepLast(count: number): void {
    for (const key of this.map?.keys() ?? []) {
      if (this.size <= count) return;
      this.map?.delete(key);
    }
  }

  entries(): Iterable<[K, V]> {
    return this.map?.entries() ?? [];
  }
}

/** Two epochs that seal different ids as the same number must not meet under one name (C8a). */
function segmentName(number: number, bytes: Uint8Array): string {
  return `ids-${number}-${hash('sha256', bytes, 'hex').slice(0, SEGMENT_HASH_DIGITS)}`;
}

function verdictOf(known: Remembered): Verdict {
  return known.seq === 0 ? PENDING : { state: 'done', at: { seq: known.seq, index: known.index } };
}
