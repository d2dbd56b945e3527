/**
 * First touch: what an owner does before it uses a key for the first time in its epoch (C6, C7).
 *
 * Owns: reading pointer and buckets, adopting a chain, writing its tail again, one's own FENCE. Does not own: which rows
 * form the chain (`chain`), the index of timers and open work (`shard-index`), what is kept of it (`owned-session`).
 *
 * Invariants: nothing of the key is served before the FENCE is at quorum and a session read that began after it found
 * the session alive; an empty partition is left empty; a pointer whose base is missing is never an empty entity.
 */

import { encodeRecord, recordHash } from '../../../framework/codec/record';
import { ROW_KIND } from '../../../framework/core/history';
import { PerdureError } from '../../../framework/errors';
import type { EntityKey } from '../../../framework/model/identity';
import { keyText } from '../../../framework/model/identity';
import { BATCH_BYTES } from '../../config';
import type { ClusterStore, Pointer } from '../../ports/cluster-store';
import type { Row } from '../../ports/history-store';
import { readBuckets } from './buckets';
import type { Adopted, Linked } from './chain';
import { adopt, bucketAfter } from './chain';
import type { EpochWrites } from './epoch-writes';
import { isPlanted } from '../../../framework/planted-bugs';
import type { SessionGuard } from './session-guard';

export interface Toucher {
  readonly store: ClusterStore;
  readonly guard: SessionGuard;
  readonly writes: EpochWrites;
  readonly epoch: number;
  readonly build: string;
}

export interface Touched {
  /** From the pointer's base to the tail, one's own FENCE included; never empty. */
  readonly rows: readonly Linked[];
  readonly pointer: Pointer | null;
  /** This touch wrote the FENCE: nothing that was told of the key before is of its tail's seq. */
  readonly fenced: boolean;
}

/** Null for a key that has no history. Rejects with `unavailable`, or with `internal`, reason `corrupt`. */
export async function firstTouch(toucher: Toucher, key: EntityKey): Promise<Touched | null> {
  const found = (await read(toucher.store, key)) ?? (await read(toucher.store, key));
  if (found === null) throw (await toucher.guard.confirm()) ? missingRows(key) : over(key);
  if (found === 'empty') return null;
  const { adopted, pointer } = found;
  const tail = adopted.rows.at(-1);
  if (tail === undefined) return null;
  if (tail.row.epoch === toucher.epoch) return { rows: adopted.rows, pointer, fenced: false };
  if (tail.row.epoch > toucher.epoch) throw over(key);
  const fence = fenceAbove(tail, toucher);
  if (!(await writeAgain(toucher, key, adopted, fence))) throw over(key);
  if (!(await toucher.guard.confirm()) || !toucher.writes.open) throw over(key);
  const rows = isPlanted('skip-fence-row') ? adopted.rows : [...adopted.rows, fence];
  return { rows, pointer, fenced: true };
}

/** Null when what was found does not close at the base, or a part of it is missing. */
async function read(
  store: ClusterStore,
  key: EntityKey,
): Promise<{ readonly adopted: Adopted; readonly pointer: Pointer | null } | 'empty' | null> {
  const pointer = await store.pointer(key);
  const { bucket, seq } = pointer ?? { bucket: 0, seq: 0 };
  const found = await readBuckets(store, key, { bucket, seq });
  if (found === null) return null;
  if (found.length === 0 && pointer === null) return 'empty';
  const adopted = adopt(found, pointer);
  return adopted === null ? null : { adopted, pointer };
}

/** The tail through trailing FENCE rows, then one's own FENCE: in one batch, or in order where that is too long (C6). */
async function writeAgain(
  { store, writes }: Toucher,
  key: EntityKey,
  adopted: Adopted,
  fence: Linked,
): Promise<boolean> {
  const isLeftOut = ({ row }: Linked): boolean =>
    isPlanted('skip-tail-rewrite') || (row.kind === ROW_KIND.seal && isPlanted('seal-not-again'));
  const rewrite = adopted.rewrite.filter((linked) => !isLeftOut(linked));
  const rows = isPlanted('skip-fence-row') ? rewrite : [...rewrite, fence];
  for (const { bucket, batch } of batchesOf(rows)) {
    if (!(await writes.untilOk(() => store.writeRows(key, bucket, batch)))) return false;
  }
  return true;
}

/** Neighbours that fit into one batch; each is at quorum before the next is issued. */
function batchesOf(rows: readonly Linked[]): readonly { readonly bucket: number; readonly batch: readonly Row[] }[] {
  const batches: { bucket: number; bytes: number; batch: Row[] }[] = [];
  for (const { bucket, stored } of rows) {
    const { length } = stored.bytes;
    const last = batches.at(-1);
    if (last?.bucket !== bucket || last.bytes + length > BATCH_BYTES)
      batches.push({ bucket, bytes: length, batch: [stored] });
    else {
      last.batch.push(stored);
      last.bytes += length;
    }
  }
  return batches;
}

function fenceAbove(tail: Linked, { epoch, build }: Toucher): Linked {
  const prev = { seq: tail.row.seq, epoch: tail.row.epoch, hash: tail.hash };
  const seq = prev.seq + 1;
  const bytes = encodeRecord({ kind: 'fence', seq, epoch, prev, build });
  const row = { seq, epoch, kind: ROW_KIND.fence, bytes };
  return { row, stored: row, bucket: bucketAfter(tail), prev, hash: recordHash(bytes) };
}

function over(key: EntityKey): PerdureError {
  return new PerdureError(
    'unavailable',
    `${keyText(key)}: this host does not own its shard any more: send again with the same id`,
  );
}

function missingRows(key: EntityKey): PerdureError {
  const fact = 'its rows do not lead back to where its pointer says that its history begins';
  return new PerdureError('internal', `${keyText(key)}: ${fact}: the store has lost rows; restore it from a backup`, {
    reason: 'corrupt',
  });
}
