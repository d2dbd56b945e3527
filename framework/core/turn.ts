/**
 * Turn: the records an instance writes (S1, S24, S25).
 *
 * Owns: which digest and schema a turn's record carries, the snapshot record.
 * Does not own: bytes (`codec/record`), when a turn is closed or a snapshot due (`runtime/activation`).
 */

import { assert } from '../assert';
import { sameSchema } from './compare';
import { COMPARED_SET } from './history';
import type { DigestRecord, Entry, Link, SnapshotRecord, TurnRecord } from './history';
import type { Instance } from './instance';
import { LARGE_STATE_DIGEST_TURNS, SMALL_STATE_BYTES } from './limits';
import { isPlanted } from '../planted-bugs';

interface Head {
  readonly seq: number;
  readonly epoch: number;
  readonly prev: Link | null;
}

/** The record of a closed turn. `seq` 1, or a new chain, carries the birth. */
export function turnRecord(instance: Instance, head: Head, entries: readonly Entry[]): TurnRecord {
  const { schema } = instance;
  const small = (instance.bytes ?? instance.encode()).length <= SMALL_STATE_BYTES;
  const digested = small || head.seq % LARGE_STATE_DIGEST_TURNS === 0;
  const news = instance.recordedSchema === null || !sameSchema(instance.recordedSchema, schema);
  instance.recordedSchema = schema;
  return {
    kind: 'turn',
    ...head,
    build: instance.environment.build,
    compared: COMPARED_SET,
    birth: head.prev === null ? instance.ledger.birth : null,
    entries,
    digest: digested ? instance.hashes() : null,
    schema: news ? schema : null,
  };
}

/** Legal only while quiet; the segments of ids must be written together with it (S11, S24). */
export function snapshotRecord(
  instance: Instance,
  head: Head,
): { record: SnapshotRecord; segments: { name: string; bytes: Uint8Array }[] } {
  assert(
    instance.quiet || isPlanted('snapshot-while-parked'),
    'a snapshot is taken only while no invocation is parked (S24)',
  );
  const segments = instance.ledger.dedupe.seal(instance.environment.segmentIds);
  instance.recordedSchema = instance.schema;
  const record: SnapshotRecord = {
    kind: 'snapshot',
    ...head,
    build: instance.environment.build,
    schema: instance.schema,
    fields: instance.encode(),
    ledger: instance.ledger.image(),
  };
  return { record, segments };
}

/** Where a snapshot is not legal, the fields' hashes alone (S25). */
export function digestRecord(instance: Instance, head: Head): DigestRecord {
  instance.recordedSchema = instance.schema;
  return {
    kind: 'digest',
    ...head,
    build: instance.environment.build,
    schema: instance.schema,
    digest: instance.hashes(),
  };
}
