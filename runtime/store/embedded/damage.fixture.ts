/**
 * Damage fixture: data directories made by a real store, copied as a crash would leave them, and harmed.
 *
 * Owns: images and the harm. Does not own: what the store must make of it (`damage.test`).
 *
 * Copies are made by another process: closing a file that SQLite has open would drop this process's locks on it.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { EntityKey } from '../../../framework/model/identity';
import type { Row } from '../../ports/history-store';
import { INDEX, keyOf } from '../store.fixture';
import { MAIN_FILE, WAL_FILE } from './layout';
import { sqliteStore } from './sqlite-store';

const made: string[] = [];

export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-damage-'));
  made.push(directory);
  return directory;
}

export function removeDirectories(): void {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
}

/** A copy of the main file and the log alone, as they are on disk now. */
export function copyImage(from: string): string {
  const to = newDirectory();
  const files = [MAIN_FILE, WAL_FILE]
    .map((file) => join(from, file))
    .filter((file) => statSync(file, { throwIfNoEntry: false }));
  execFileSync('cp', [...files, to]);
  return to;
}

export function changeFile(directory: string, file: string, change: (bytes: Buffer) => Buffer | void): void {
  const path = join(directory, file);
  const bytes = readFileSync(path);
  writeFileSync(path, change(bytes) ?? bytes);
}

/** A row that carries a checksum, as every record does. */
export function checkedRow(seq: number, length: number): Row {
  const bytes = Buffer.alloc(length, `row ${seq} `);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  return { seq, epoch: 1, kind: 1, bytes: new Uint8Array(bytes) };
}

/** What decoding and the chain would find. */
export function isWhole(row: Row, seq: number): boolean {
  const bytes = Buffer.from(row.bytes);
  const sound = bytes.length > 4 && bytes.readUInt32LE(0) === crc32(bytes.subarray(4));
  return sound && row.seq === seq && row.epoch === 1 && row.kind === 1;
}

/** A directory with `entities` of `rows` rows each, closed. */
export async function closedImage(entities: number, rows: number): Promise<{ directory: string; keys: EntityKey[] }> {
  const directory = newDirectory();
  const keys = Array.from({ length: entities }, (_, i) => keyOf(`C-${i}`));
  const session = await sqliteStore({ directory }).open();
  for (let seq = 1; seq <= rows; seq += 1) {
    const index = seq === 1 ? { ...INDEX, fields: { points: seq } } : null;
    await session.append(keys.map((key) => ({ key, row: checkedRow(seq, 300), index })));
  }
  await session.close();
  return { directory, keys };
}

/** An image taken while the session lived: its log, and the log's length when each append had been acknowledged. */
export async function crashImage(
  appends: number,
): Promise<{ directory: string; key: EntityKey; acknowledgedAt: number[] }> {
  const directory = newDirectory();
  const key = keyOf('C-1');
  const session = await sqliteStore({ directory }).open();
  const acknowledgedAt: number[] = [];
  for (let seq = 1; seq <= appends; seq += 1) {
    await session.append([{ key, row: checkedRow(seq, 600), index: seq === 1 ? INDEX : null }]);
    acknowledgedAt.push(statSync(join(directory, WAL_FILE)).size);
  }
  const copy = copyImage(directory);
  await session.close();
  return { directory: copy, key, acknowledgedAt };
}
