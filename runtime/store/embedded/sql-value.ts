/**
 * SQL value: how an indexed value is kept in `field.value`, beside its rank.
 *
 * Text is a blob of its UTF-8 bytes behind one zero byte: it sorts by its bytes, and is never empty, because Node 22
 * binds an empty blob as NULL.
 */

import type { IndexedValue } from '../../ports/history-store';
import { RANK } from '../../ports/query';

export function sqlValue(value: IndexedValue): number | Uint8Array {
  return typeof value === 'string' ? Buffer.from(`\0${value}`) : Number(value);
}

export function fromSqlValue(rank: number, kept: unknown): IndexedValue {
  if (rank === RANK.null) return null;
  if (rank === RANK.text) return Buffer.from((kept as Uint8Array).subarray(1)).toString();
  return rank === RANK.boolean ? kept === 1 : Number(kept);
}
