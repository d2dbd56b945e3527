/**
 * Replayed: an entity's fields from its first record on, every snapshot and digest on the way compared (S24, S25).
 */

import { decodeValue } from '../../framework/codec/value';
import { Replay } from '../../framework/core/replay';
import type { EntityClass } from '../../framework/model/definition';
import { definitionOf } from '../../framework/model/definition';
import type { EntityKey } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import { readRow } from '../activation/loader';
import { MAX_STATE_BYTES, PAGE_ROWS } from '../config';
import type { StoreSession } from '../ports/history-store';
import { systemClock } from '../system/clock';

/** Null for an entity without a record. Throws where a replay diverges, or a snapshot says what replay does not. */
export async function replayed(session: StoreSession, type: EntityClass, key: EntityKey): Promise<object | null> {
  const replay = new Replay(key, definitionOf(type), {
    drain: (done) => systemClock.drain(done),
    build: 'crash-loop',
    checked: () => true,
    log: () => undefined,
    maxStateBytes: MAX_STATE_BYTES,
  });
  for (let next: number | null = 1; next !== null;) {
    const page = await session.rows(key, next, PAGE_ROWS);
    for (const row of page.rows) {
      const { record, hash } = readRow(key, row);
      const ledger = replay.instance?.ledger.image();
      if (record.kind === 'snapshot') compareLedgers(key, row.seq, record.ledger, ledger ?? new Uint8Array());
      await replay.record(record, hash, true);
    }
    next = page.next;
  }
  return replay.instance?.object ?? null;
}

/** As values: equal objects that are one object have fewer bytes than two. */
function compareLedgers(key: EntityKey, seq: number, written: Uint8Array, replayed: Uint8Array): void {
  const [a = '', b = ''] = [written, replayed].map((bytes) => JSON.stringify(decodeValue(bytes)));
  if (a === b) return;
  const at = [...a].findIndex((letter, i) => letter !== b[i]);
  const [found, expected] = [a, b].map((text) => text.slice(Math.max(0, at - 200), at + 100));
  throw new Error(
    `${keyText(key)}: the ledger of snapshot ${seq} is not that of its replay: ${found} is not ${expected}`,
  );
}
