/**
 * Loader: brings an entity from its rows into memory (S24, S25).
 *
 * Owns: reading pages, checking bytes, replaying in slices of the turn loop, the second look that names the first
 * divergence. Does not own: what a record does (`framework/core/replay`).
 */

import { decodeRecord, recordHash } from '../../framework/codec/record';
import { ROW_KIND } from '../../framework/core/history';
import type { Entry, Link } from '../../framework/core/history';
import type { Birth, CoreEnvironment, Instance } from '../../framework/core/instance';
import { Replay } from '../../framework/core/replay';
import { PerdureError, isPerdureError } from '../../framework/errors';
import type { EntityDefinition } from '../../framework/model/definition';
import type { EntityKey } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import { PAGE_ROWS } from '../config';
import type { LoadedPage, ReadRecord, Row, StoreSession } from '../ports/history-store';
import { REPLAY } from './poison';
import type { Poison } from './poison';
import type { Job, TurnLoop } from './turn-loop';

export interface Loaded {
  /** Null when the entity has no history. */
  readonly instance: Instance | null;
  readonly link: Link | null;
  readonly build: string;
  readonly turnsSinceSnapshot: number;
}

export interface LoadFrom {
  readonly session: Pick<StoreSession, 'load' | 'rows'>;
  readonly loop: TurnLoop;
  readonly environment: CoreEnvironment;
  readonly definition: EntityDefinition;
  readonly key: EntityKey;
  /** Told of the recorded steps that run again (S20); null where nobody watches. */
  readonly poison: Poison | null;
}

/** Entries of a turn that is not written yet, applied after the rows (S17). */
export interface Unwritten {
  readonly birth: Birth;
  readonly seq: number;
  readonly entries: readonly Entry[];
}

/** Fails with `internal`, reason `corrupt` or `divergence`; so too where this build's replay is poison (S20). */
export async function load(from: LoadFrom, unwritten: Unwritten | null = null): Promise<Loaded> {
  const poison = from.poison?.loadRefusal(from.key) ?? null;
  if (poison !== null) throw poison;
  try {
    return await new Loader(from, false).load(unwritten);
  } catch (error) {
    if (!isPerdureError(error) || error.reason !== 'divergence') throw error;
    return new Loader(from, true).load(unwritten);
  }
}

/** One row as a record, with its hash. Names the entity when the bytes are damaged. */
export function readRow(key: EntityKey, row: Row): ReadRecord {
  if (row.read !== undefined) return row.read;
  try {
    return { record: decodeRecord(row.bytes), hash: recordHash(row.bytes) };
  } catch (error) {
    const reason = isPerdureError(error) ? (error.reason ?? 'corrupt') : 'corrupt';
    const message = `${keyText(key)}: record ${row.seq} cannot be read: ${(error as Error).message}`;
    throw new PerdureError('internal', message, { reason, cause: error });
  }
}

class Loader implements Job {
  private readonly replay: Replay;
  private rows: readonly Row[] = [];
  private at = 0;
  /** Index of the row whose digest is compared; -1 for none. */
  private verifyAt = -1;
  private unwritten: Unwritten | null = null;
  private settle: { resolve(): void; reject(error: unknown): void } | null = null;

  constructor(
    private readonly from: LoadFrom,
    private readonly verifyAll: boolean,
  ) {
    this.replay = new Replay(from.key, from.definition, from.environment);
    this.replay.onEntry = () => from.poison?.again(from.key, REPLAY);
  }

  async load(unwritten: Unwritten | null): Promise<Loaded> {
    const { session, key } = this.from;
    let page: LoadedPage = await session.load(key);
    while (page.next !== null) {
      await this.apply(page.rows, null);
      page = await session.rows(key, page.next, PAGE_ROWS);
    }
    this.verifyAt = this.newestDigest(page.rows);
    if (page.rows.length > 0 || unwritten !== null) await this.apply(page.rows, unwritten);
    this.from.poison?.doneWith(key, REPLAY)?.();
    const { instance, link, build, turnsSinceSnapshot } = this.replay;
    return { instance, link, build, turnsSinceSnapshot };
  }

  async slice(): Promise<boolean> {
    const { poison, key } = this.from;
    try {
      const announced = poison?.announce(key, REPLAY);
      if (announced != null) await announced;
      poison?.begin(key, REPLAY);
      return await this.work().finally(() => poison?.end());
    } catch (error) {
      this.settle?.reject(error);
      return false;
    }
  }

  /** Answers true when it has more to do at once. */
  private async work(): Promise<boolean> {
    while (this.at < this.rows.length) {
      await this.next();
      if (this.from.loop.stepped() && this.at < this.rows.length) return true;
    }
    if (this.unwritten !== null) {
      this.replay.begin(this.unwritten.birth);
      await this.replay.entries(this.unwritten.seq, this.unwritten.entries);
    }
    this.settle?.resolve();
    return false;
  }

  private async next(): Promise<void> {
    const row = this.rows[this.at];
    if (row === undefined) return;
    const { record, hash } = readRow(this.from.key, row);
    await this.replay.record(record, hash, this.verifyAll || this.at === this.verifyAt);
    this.at += 1;
  }

  /** Hands the rows to the turn loop, so that the steps of a replay never overlap those of other entities. */
  private apply(rows: readonly Row[], unwritten: Unwritten | null): Promise<void> {
    this.rows = rows;
    this.at = 0;
    this.unwritten = unwritten;
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      this.from.loop.ready(this);
    });
  }

  private newestDigest(rows: readonly Row[]): number {
    for (let at = rows.length - 1; at >= 0; at -= 1) {
      const row = rows[at];
      if (row === undefined || row.kind === ROW_KIND.snapshot) return -1;
      const { record } = readRow(this.from.key, row);
      if ('digest' in record && record.digest !== null) return at;
    }
    return -1;
  }
}
