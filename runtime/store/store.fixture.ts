/**
 * Store fixture: the keys, rows and indexes that the suites of stores share, and how a suite is given a store.
 */

import type { EntityKey } from '../../framework/model/identity';
import type { Append, EntityIndex, HistoryStore, Row } from '../ports/history-store';

export interface StoreUnderTest {
  readonly store: HistoryStore;
  /** Removes what the store left behind; the suite has closed its sessions. */
  dispose(): Promise<void>;
}

export type MakeStore = () => Promise<StoreUnderTest>;

export const INDEX: EntityIndex = {
  status: 'active',
  wakeAt: null,
  open: false,
  fields: {},
  build: 'b1',
  createdAt: 1_000,
  updatedAt: 2_000,
};

export function keyOf(id: string, type = 'account', namespace = 'default'): EntityKey {
  return { namespace, type, id };
}

export function rowOf(seq: number, text = `row ${seq}`, kind = 1): Row {
  return { seq, epoch: 1, kind, bytes: new Uint8Array(Buffer.from(text)) };
}

/** The first row of a key, with an index that differs from `INDEX` as told. */
export function birth(key: EntityKey, index: Partial<EntityIndex> = {}): Append {
  return { key, row: rowOf(1), index: { ...INDEX, ...index } };
}
