/**
 * Store cells: rows of the port as cells and back (C8, C9).
 *
 * Owns: partitions, clustering and values. What goes in and comes out is copied.
 * Does not own: quorums (`quorum-write`, `quorum-read`).
 */

import { hash32 } from '../../../framework/codec/hash32';
import type { EntityKey } from '../../../framework/model/identity';
import type {
  Beat,
  DirectoryPart,
  IndexEntry,
  IndexKind,
  IndexPart,
  Listing,
  Pointer,
} from '../../ports/cluster-store';
import type { EntityIndex, Row } from '../../ports/history-store';
import type { Running, RunningRow } from '../../ports/watchdog';
import { plainCopy } from '../world/plain-copy';
import { hashName } from '../world/random';
import type { Cell, CellValue, Mutation } from './replica';
import { WHOLE_PARTITION } from './replica';

/** Timestamp of what is written once. */
export const WRITTEN = 1;
const DELETED = WRITTEN + 1;

/** Ids come last, for they may hold any character; namespaces and types hold no NUL. */
export function keyName({ namespace, type, id }: EntityKey): string {
  return `${namespace}\0${type}\0${id}`;
}

/** The partition of one bucket of a history. */
export function bucketName(key: EntityKey, bucket: number): string {
  return `h\0${bucket}\0${keyName(key)}`;
}

function keyOf(name: string): EntityKey {
  const [namespace, type] = name.split('\0', 2) as [string, string];
  return { namespace, type, id: name.slice(namespace.length + type.length + 2) };
}

/** One cell: kind and bytes never mix with another row's. */
export function rowCell({ seq, epoch, kind, bytes }: Row): Cell {
  const value = Buffer.allocUnsafe(bytes.length + 1);
  value[0] = kind;
  value.set(bytes, 1);
  return { major: seq, minor: epoch, timestamp: WRITTEN, value };
}

export function rowOf({ major, minor, value }: Cell): Row {
  const bytes = value as Uint8Array;
  return { seq: major, epoch: Number(minor), kind: bytes[0] as number, bytes: new Uint8Array(bytes.subarray(1)) };
}

/** One cell a column, as in Cassandra; two pointers of one seq would mix. */
export function pointerCells(pointer: Pointer): readonly Cell[] {
  const columns = Object.entries(pointer) as [string, number][];
  return columns.map(([minor, value]) => ({ major: 0, minor, timestamp: pointer.seq, value }));
}

export function pointerOf(cells: readonly Cell[]): Pointer {
  return Object.fromEntries(cells.map(({ minor, value }) => [minor, Number(value)])) as unknown as Pointer;
}

/** Cells never change: what one says is copied once, and handed to every host alike. */
const beats = new WeakMap<Cell, Beat>();

export function beatCell(beat: Beat): Cell {
  const cell = cellOf(beat.session, beat.beat, JSON.stringify(beat));
  beats.set(cell, Object.freeze(plainCopy(beat)));
  return cell;
}

export function beatOf(cell: Cell): Beat {
  return beats.get(cell) as Beat;
}

/** Of a row that is one partition. */
export function cellOf(minor: string, timestamp: number, value: Uint8Array | string | number): Cell {
  return { major: 0, minor, timestamp, value };
}

export function partName(shard: number, { kind, epoch, bucket }: IndexPart): string {
  return `x\0${shard}\0${kind}\0${epoch}\0${bucket}`;
}

/** The deletion of a whole partition. */
export const PARTITION_DELETED: Cell = { major: WHOLE_PARTITION, minor: 0, timestamp: DELETED, value: null };

export function partCell({ kind, epoch, bucket }: IndexPart, deleted: boolean): Cell {
  return { major: epoch, minor: `${kind}\0${bucket}`, ...written(deleted) };
}

export function partOf({ major, minor }: Cell): IndexPart {
  const [kind, bucket] = String(minor).split('\0') as [IndexKind, string];
  return { kind, epoch: major, bucket };
}

export function entryCell({ at, key }: IndexEntry, deleted: boolean): Cell {
  return { major: at, minor: entryName(key), ...written(deleted) };
}

export function entryOf({ major, minor }: Cell): IndexEntry {
  return { at: major, key: keyOf(textOf(String(minor))) };
}

/** In the order of UTF-8 bytes. */
export function entryName(key: EntityKey): string {
  return listingName(keyName(key));
}

function written(deleted: boolean): Pick<Cell, 'timestamp' | 'value'> {
  return { timestamp: deleted ? DELETED : WRITTEN, value: deleted ? null : 1 };
}

/** A watermark's timestamp is its value; none is as late as that of its deletion (C8a). */
export function watermarkCell(epoch: number, at: number | null): Cell {
  return { major: epoch, minor: 0, timestamp: at ?? Number.MAX_SAFE_INTEGER, value: at };
}

export function noteCell(name: string, bytes: Uint8Array | null, order: number): Cell {
  return { major: 0, minor: name, timestamp: order, value: bytes?.slice() ?? null };
}

export function directoryName({ namespace, type, slot }: DirectoryPart): string {
  return `d\0${slot}\0${namespace}\0${type}`;
}

/** One cell: what stands in the directory is of one turn (C8a). */
export function listingCell({ id, index, seq, stamp }: Listing): Cell {
  return { major: 0, minor: listingName(id), timestamp: stamp, value: JSON.stringify([seq, index]) };
}

export function listingOf({ minor, timestamp, value }: Cell): Listing {
  const [seq, index] = JSON.parse(String(value)) as [number, EntityIndex];
  return { id: textOf(String(minor)), index, seq, stamp: timestamp };
}

/** One character a byte, for ids are in the order of their UTF-8 bytes. */
export function listingName(id: string): string {
  return Buffer.from(id).toString('latin1');
}

/** One cell for each epoch; a removal is a later write of nothing. */
export function runningCell(epoch: number, order: number, running: Running | null): Cell {
  const value = running && JSON.stringify([running.key, running.input, running.build]);
  return { major: epoch, minor: 'step', timestamp: order, value };
}

export function runningOf({ major, value }: Cell): RunningRow {
  const [key, input, build] = JSON.parse(String(value)) as [EntityKey, string, string];
  return { epoch: major, key, input, build };
}

function textOf(listed: string): string {
  return Buffer.from(listed, 'latin1').toString();
}

/** 32 bits of a mutation's content. */
export function fingerprint({ partition, cells }: Mutation): number {
  let mixed = hashName(partition);
  for (const { major, value, timestamp } of cells)
    mixed = Math.imul(mixed ^ hashOf(value) ^ Math.imul(major + timestamp, 0x9e3779b1), 0x01000193);
  return mixed;
}

function hashOf(value: CellValue | null): number {
  if (value === null) return 0;
  if (typeof value === 'number') return value | 0;
  return typeof value === 'string' ? hashName(value) : hash32(value);
}
