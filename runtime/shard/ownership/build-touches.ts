/**
 * Build touches: which builds have written a record of which entities of a shard (C10).
 *
 * Owns: entries of the kind `touch`, one for each entity and build in one's own epoch, insert-only; whether the running
 * build has a record of any entity of the shard; keeping it so while the shard is offered to an older build (S29).
 * Does not own: when a shard is offered (`host/offers`), the rows themselves (`owned-session`).
 *
 * Invariants:
 * 1. An entry is at quorum before the record that needs it is fenced: TURN, SNAPSHOT and DIGEST, for what is read from
 *    the others no code has to repeat. What an older owner may have left unfenced is entered again at adoption (C6).
 * 2. Once frozen, nothing of the running build is written in this epoch.
 */

import { ROW_KIND } from '../../../framework/core/history';
import type { EntityKey } from '../../../framework/model/identity';
import type { ClusterStore, IndexPart } from '../../ports/cluster-store';
import type { Row } from '../../ports/history-store';
import { readRow } from '../../activation/loader';
import type { EpochWrites } from './epoch-writes';

export interface BuildTouchesOptions {
  readonly store: Pick<ClusterStore, 'writeParts' | 'writeEntries' | 'parts' | 'entries'>;
  readonly writes: EpochWrites;
  readonly shard: number;
  readonly epoch: number;
  readonly build: string;
}

/** What is known of a key's builds. */
export interface TouchedKey {
  /** Of the newest record that was adopted; null without one, or once it was entered. */
  lastTouch: { readonly build: string; readonly seq: number } | null;
  /** The build whose entry stands in this epoch; null before. */
  touchedBy: string | null;
}

const TOUCHING: ReadonlySet<number> = new Set([ROW_KIND.turn, ROW_KIND.snapshot, ROW_KIND.digest]);

/** Of rows in order. */
export function lastTouchIn(key: EntityKey, rows: readonly { readonly row: Row }[]): TouchedKey['lastTouch'] {
  const last = rows.findLast(({ row }) => TOUCHING.has(row.kind));
  if (last === undefined) return null;
  const { record } = readRow(key, last.row);
  return { build: record.build, seq: record.seq };
}

export class BuildTouches {
  private frozen = false;
  /** Entries of the running build, written in this epoch or on their way. */
  private own = 0;
  private readonly begun = new Map<string, Promise<boolean>>();

  constructor(private readonly options: BuildTouchesOptions) {}

  /** Enters the running build before a record of it is fenced; false when the shard is lost first. */
  async turn(key: EntityKey, known: TouchedKey, row: Row): Promise<boolean> {
    return !TOUCHING.has(row.kind) || this.enter(key, known, this.options.build, row.seq);
  }

  /** Enters the build of the newest record that was adopted; false when the shard is lost first. */
  async adopt(key: EntityKey, known: TouchedKey): Promise<boolean> {
    const { lastTouch } = known;
    return lastTouch === null || this.enter(key, known, lastTouch.build, lastTouch.seq);
  }

  /** Whether the running build has a record of any entity of the shard. Rejects when the store cannot be read. */
  async any(): Promise<boolean> {
    const { store, shard, build } = this.options;
    const parts = (await store.parts(shard)).filter((part) => part.kind === 'touch' && isOf(part, build));
    for (const part of parts) if ((await store.entries(shard, part, null, 1)).length > 0) return true;
    return this.own > 0;
  }

  /** From now on nothing of the running build is written; false if something was, or is on its way. */
  freeze(): boolean {
    if (this.own > 0) return false;
    this.frozen = true;
    return true;
  }

  /** It would be a record of the running build, and there may be none. */
  refuses({ kind }: Row): boolean {
    return this.frozen && TOUCHING.has(kind);
  }

  private async enter(key: EntityKey, known: TouchedKey, build: string, seq: number): Promise<boolean> {
    if (known.touchedBy === build) return true;
    if (build === this.options.build) this.own += 1;
    const { store, writes, shard } = this.options;
    const part = this.part(key.type, build);
    if (!(await this.begin(part))) return false;
    if (!(await writes.untilOk(() => store.writeEntries(shard, part, [{ at: seq, key }])))) return false;
    known.touchedBy = build;
    known.lastTouch = null;
    return true;
  }

  /** A part is found by its name, so that is at quorum before the part's first entry (C9). */
  private begin(part: IndexPart): Promise<boolean> {
    const { store, writes, shard } = this.options;
    let begun = this.begun.get(part.bucket);
    if (begun === undefined) {
      begun = writes.untilOk(() => store.writeParts(shard, [part]));
      this.begun.set(part.bucket, begun);
    }
    return begun;
  }

  private part(type: string, build: string): IndexPart {
    return { kind: 'touch', epoch: this.options.epoch, bucket: `${encodeURIComponent(build)}/${type}` };
  }
}

function isOf({ bucket }: IndexPart, build: string): boolean {
  return bucket.startsWith(`${encodeURIComponent(build)}/`);
}
