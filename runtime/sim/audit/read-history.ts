/**
 * Read history: all rows of a key from its first on, as an auditor reads them.
 *
 * Owns: reading through either store port, and what must hold of the places of the rows in a cluster's store: the tail
 * is the same whether the chain is closed at the pointer or at the first row, the pointer names a snapshot of the chain,
 * and a bucket ends with a SEAL (C6, C8). Does not own: what the rows say (`entity-facts`).
 */

import { ROW_KIND } from '../../../framework/core/history';
import type { EntityKey } from '../../../framework/model/identity';
import { PAGE_ROWS } from '../../config';
import type { ClusterStore, Pointer } from '../../ports/cluster-store';
import type { Row, StoreSession } from '../../ports/history-store';
import type { Linked } from '../../shard/ownership/chain';
import { readBuckets } from '../../shard/ownership/buckets';
import { adopt, bucketAfter } from '../../shard/ownership/chain';
import { violation } from './violation';

/** Of a store that hosts share. Rejects with a Violation where rows do not close to a chain. */
export async function readShared(store: ClusterStore, key: EntityKey): Promise<readonly Row[]> {
  const pointer = await store.pointer(key);
  const found = await readBuckets(store, key, { bucket: 0, seq: 0 });
  if (found === null) throw violation(key, 'a chunk of a row is missing (C8)');
  if (found.length === 0 && pointer === null) return [];
  const chain = adopt(found, null)?.rows;
  if (chain === undefined) throw violation(key, 'no row leads back to a first one (C6)');
  checkPointer(key, found, chain, pointer);
  checkBuckets(key, chain);
  return chain.map(({ row }) => row);
}

/** Of one host's own store. */
export async function readOwn(session: Pick<StoreSession, 'rows'>, key: EntityKey): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let from: number | null = 1; from !== null;) {
    const page = await session.rows(key, from, PAGE_ROWS);
    rows.push(...page.rows);
    from = page.next;
  }
  return rows;
}

function checkPointer(
  key: EntityKey,
  found: readonly Linked[],
  chain: readonly Linked[],
  pointer: Pointer | null,
): void {
  if (pointer === null) return;
  const named = chain.find(({ row }) => row.seq === pointer.seq && row.epoch === pointer.epoch);
  if (named?.row.kind !== ROW_KIND.snapshot)
    throw violation(key, `its pointer names ${pointer.epoch}.${pointer.seq}, no snapshot of its chain (C6)`);
  const near = adopt(found, pointer)?.rows.at(-1)?.row;
  const far = chain.at(-1)?.row;
  if (near?.seq !== far?.seq || near?.epoch !== far?.epoch)
    throw violation(
      key,
      `its tail is ${near?.epoch}.${near?.seq} from its pointer, ${far?.epoch}.${far?.seq} from its first row`,
    );
}

function checkBuckets(key: EntityKey, chain: readonly Linked[]): void {
  for (const [at, linked] of chain.slice(1).entries()) {
    const before = chain[at];
    if (before !== undefined && linked.bucket !== bucketAfter(before))
      throw violation(
        key,
        `row ${linked.row.seq} stands in bucket ${linked.bucket}, after bucket ${before.bucket} (C8)`,
      );
  }
}
