/**
 * Commit: an entity's open turn, its writing, and the release of what waited for it (architecture §2, C5).
 *
 * Owns: the chain's tail, closing turns, snapshots, the entity's index, and the one place from which replies and
 * effects leave. Does not own: executing steps (`activation`), running effects (`shard`).
 *
 * Invariants: row n+1 is issued only after row n is acknowledged and fenced; nothing is released before its turn is;
 * a turn that was not written before the session ended is never told to anybody as done.
 */

import { decodeRecord, encodeRecord, recordHash } from '../../framework/codec/record';
import { ROW_KIND } from '../../framework/core/history';
import type { Entry, HistoryRecord, Link } from '../../framework/core/history';
import type { Instance } from '../../framework/core/instance';
import { sameSchema } from '../../framework/core/compare';
import { digestRecord, snapshotRecord, turnRecord } from '../../framework/core/turn';
import { PerdureError } from '../../framework/errors';
import { isPlanted } from '../../framework/planted-bugs';
import type { Append, AppendResult, EntityIndex, Row } from '../ports/history-store';
import type { Reply } from '../wire/envelope';
import { sameIndex, watchedIndexOf } from './entity-index';
import type { Resident } from './grounds';
import type { Loaded, Unwritten } from './loader';
import { OpenTurn } from './open-turn';
import { openReply } from './replies';
import type { Answer } from './replies';

/** The activation as its commit sees it. */
export interface Committed extends Resident {
  /** Why it cannot go on; null while it can. */
  readonly broken: unknown;
  /** Something is to be done to it. */
  readonly busy: boolean;
  proceed(): void;
  rest(): void;
  fail(error: unknown): void;
}

interface Writing {
  readonly append: Append;
  readonly turn: OpenTurn | null;
  readonly wakeAt: number | null;
  /** The turn was closed because it was full, whatever waited. */
  readonly full: boolean;
}

export class Commit {
  turn = new OpenTurn(1);
  link: Link | null = null;
  /** Last index written; null when it must be written with the next record. */
  index: EntityIndex | null = null;
  turnsSinceSnapshot = 0;
  private bytesSinceSnapshot = 0;
  private undigested = false;
  private schemaIsNew = false;
  private writing: Writing | null = null;
  /** Made when their turn was closed, written right after it: a snapshot, and the SEAL of a full bucket (C8). */
  private next: Writing[] = [];
  private written: (() => void)[] = [];
  /** Who waits for the last record before the entity leaves memory. */
  private settled: (() => void) | null = null;

  constructor(private readonly activation: Committed) {}

  get idle(): boolean {
    return (this.writing === null || isPlanted('passivate-while-writing')) && this.turn.empty;
  }

  /** The open turn takes no more steps until it is written (S5). */
  get full(): boolean {
    const { limits } = this.activation.grounds;
    return this.turn.bytes >= limits.turnBytes || this.turn.nextIndex >= limits.turnSteps;
  }

  /** Goes on from the tail of what was loaded. */
  adopt({ link, turnsSinceSnapshot, instance }: Loaded): void {
    if (link === null) return;
    this.link = link;
    this.turn = new OpenTurn(link.seq + 1);
    this.turnsSinceSnapshot = turnsSinceSnapshot;
    this.schemaIsNew = instance?.recordedSchema != null && !sameSchema(instance.recordedSchema, instance.schema);
  }

  /** What a rebuilt instance must apply after the rows. */
  unwritten(instance: Instance | null): Unwritten | null {
    return instance === null || this.turn.empty
      ? null
      : { birth: instance.ledger.birth, seq: this.turn.seq, entries: this.turn.entries };
  }

  /** Entries of a record that is not known to be durable yet. */
  pending(seq: number): readonly Entry[] | null {
    if (this.turn.seq === seq) return this.turn.entries;
    return this.writing?.turn?.seq === seq ? this.writing.turn.entries : null;
  }

  /** Sends a reply once everything it could have seen is committed (S8). */
  reply(answer: Answer, reply: Reply): void {
    this.release(() => answer(reply), answer);
  }

  /** Runs `run` once the newest turn is committed; `answer` is told if that never happens. */
  release(run: () => void, answer: Answer | null = null): void {
    const { broken } = this.activation;
    if (broken !== null) answer?.(openReply(broken));
    else if (isPlanted('acknowledge-before-write')) run();
    else if (!this.turn.empty) this.turn.release({ run, answer });
    else if (this.writing?.turn != null) this.writing.turn.release({ run, answer });
    else run();
  }

  whenWritten(run: () => void): void {
    if (this.writing === null) run();
    else this.written.push(run);
  }

  /** Closes the open turn and writes it, unless one is being written. */
  close(): void {
    const { instance } = this.activation;
    if (this.writing !== null || this.turn.empty || instance === null) return;
    const { turn, full } = this;
    const record = turnRecord(instance, { seq: turn.seq, ...this.head() }, turn.entries);
    this.undigested = record.digest === null;
    this.turnsSinceSnapshot += 1;
    const index = watchedIndexOf(this.activation, instance);
    const changed = this.index === null || !sameIndex(this.index, index);
    if (changed) this.index = index;
    const append = this.appendOf(record, changed ? index : null);
    this.turn = new OpenTurn(turn.seq + 1);
    if (this.snapshotIsDue(instance)) this.next.push({ ...this.snapshot(instance), full });
    if (this.sealIsDue(append.row)) this.next.push({ ...this.seal(instance), full });
    if (isPlanted('effects-before-commit')) this.activation.grounds.released(this.activation, turn.entries);
    this.write({ append, turn, wakeAt: index.wakeAt, full });
  }

  /** Before the entity leaves memory: a snapshot or digest where one is worth it (S24, S25). Resolves when written. */
  settle(minTurns: number): Promise<void> {
    const writing = this.last(minTurns);
    if (writing === null) return Promise.resolve();
    return new Promise((done) => {
      this.settled = done;
      this.write(writing);
    });
  }

  private last(minTurns: number): Writing | null {
    const { instance } = this.activation;
    if (instance === null || this.link === null || !this.idle) return null;
    if (instance.quiet && this.turnsSinceSnapshot >= minTurns) return this.snapshot(instance);
    if (!this.undigested) return null;
    this.undigested = false;
    const record = digestRecord(instance, { seq: this.turn.seq, ...this.head() });
    const append = this.appendOf(record, null);
    this.turn = new OpenTurn(this.turn.seq + 1);
    return { append, turn: null, wakeAt: null, full: false };
  }

  /** The session is over: callers learn that their outcome is not known. */
  abandon(error: unknown): void {
    const turns = [this.turn, this.writing?.turn ?? null];
    this.turn = new OpenTurn(this.turn.seq);
    for (const turn of turns) for (const { answer } of turn?.takeReleases() ?? []) answer?.(openReply(error));
    this.settled?.();
  }

  private head(): { readonly epoch: number; readonly prev: Link | null } {
    return { epoch: this.activation.grounds.session.epoch, prev: this.link };
  }

  private snapshotIsDue(instance: Instance): boolean {
    if (!instance.quiet && !isPlanted('snapshot-while-parked')) return false;
    const { limits } = this.activation.grounds;
    return (
      this.schemaIsNew ||
      this.turnsSinceSnapshot >= limits.snapshotTurns ||
      this.bytesSinceSnapshot >= limits.snapshotBytes
    );
  }

  private snapshot(instance: Instance): Writing {
    const { record, segments } = snapshotRecord(instance, { seq: this.turn.seq, ...this.head() });
    const append = { ...this.appendOf(record, null), segments, needs: instance.ledger.oldestSeq };
    this.turn = new OpenTurn(this.turn.seq + 1);
    this.turnsSinceSnapshot = 0;
    this.bytesSinceSnapshot = 0;
    this.undigested = this.schemaIsNew = false;
    return { append, turn: null, wakeAt: null, full: false };
  }

  /** The planted bug: of the state as it is when the snapshot is written. */
  private takenLate(writing: Writing): Writing {
    const { instance } = this.activation;
    const { row } = writing.append;
    const { link } = this;
    if (row.kind !== ROW_KIND.snapshot || link?.seq !== row.seq || instance?.quiet !== true) return writing;
    const { prev } = decodeRecord(row.bytes);
    const { record } = snapshotRecord(instance, { seq: row.seq, epoch: row.epoch, prev });
    return { ...writing, append: { ...writing.append, ...this.appendOf(record, null) } };
  }

  /** After a turn that was closed, and the snapshot that may follow it. */
  private sealIsDue(turn: Row): boolean {
    const { grounds, key } = this.activation;
    return grounds.session.sealsAfter?.(key, [turn, ...this.next.map(({ append }) => append.row)]) === true;
  }

  private seal({ environment }: Instance): Writing {
    const record = { kind: 'seal', seq: this.turn.seq, ...this.head(), build: environment.build } as const;
    const append = this.appendOf(record, null);
    this.turn = new OpenTurn(this.turn.seq + 1);
    return { append, turn: null, wakeAt: null, full: false };
  }

  private appendOf(record: HistoryRecord, index: EntityIndex | null): Append {
    const bytes = encodeRecord(record);
    this.link = { seq: record.seq, epoch: record.epoch, hash: recordHash(bytes) };
    this.bytesSinceSnapshot += bytes.length;
    const row: Row = { seq: record.seq, epoch: record.epoch, kind: ROW_KIND[record.kind], bytes };
    return { key: this.activation.key, row, index };
  }

  private write(writing: Writing): void {
    this.writing = writing;
    this.activation.grounds.appends.add(writing.append, (result) => this.wrote(writing, result));
  }

  private wrote(writing: Writing, result: AppendResult): void {
    const { activation } = this;
    if (activation.broken !== null) return;
    if (result !== 'ok') return this.refused(result);
    this.writing = null;
    try {
      this.released(writing);
    } catch (error) {
      this.writing = writing;
      return activation.fail(error);
    }
    const next = this.next.shift();
    if (next !== undefined) return this.write(isPlanted('snapshot-of-uncommitted') ? this.takenLate(next) : next);
    for (const run of this.written.splice(0)) run();
    this.settled?.();
    this.settled = null;
    // Another pass is needed only where the last one may have left something undone.
    if (writing.full || activation.busy || activation.grounds.rehearsal !== null) activation.proceed();
    else activation.rest();
  }

  private refused(result: AppendResult): void {
    const { activation } = this;
    const fact =
      result === 'refused'
        ? 'the store refused its record: another writer was there'
        : 'the store has lost its session';
    activation.grounds.log.error({ entity: activation.name, result }, fact);
    const message = `${activation.name}: ${fact}; the outcome is unknown: send again with the same id`;
    activation.fail(new PerdureError('unavailable', message));
  }

  private released({ turn, wakeAt }: Writing): void {
    if (turn === null) return;
    const { grounds, key } = this.activation;
    grounds.due(key, wakeAt);
    if (!isPlanted('effects-before-commit')) grounds.released(this.activation, turn.entries);
    for (const release of turn.takeReleases()) release.run();
  }
}
