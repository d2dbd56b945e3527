/** Every frame of a log and every page of a main file, cut or changed at its boundaries: none of it is served as right (C13). */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { EntityKey } from '../../../framework/model/identity';
import type { Row } from '../../ports/history-store';
import { checkedRow, closedImage, crashImage, isWhole, removeDirectories } from './damage.fixture';
import { openForReading, openForWriting } from './database';
import { MAIN_FILE, PAGE_SIZE_BYTES, WAL_FILE } from './layout';
import { Reader } from './reader';
import { TroubleError, openTrouble, readTrouble } from './trouble';

const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const FRAME_BYTES = FRAME_HEADER_BYTES + PAGE_SIZE_BYTES;
/** Page number, size after a commit, two salts, two checksums; then the page's first and last byte. */
const IN_FRAME = [0, 4, 8, 12, 16, 20, FRAME_HEADER_BYTES, FRAME_BYTES - 1];
/** Kind, free blocks, number of cells, start of the content, the first pointers; then the page's last bytes. */
const IN_PAGE = [0, 1, 3, 4, 5, 7, 8, 9, 10, 11, 12, PAGE_SIZE_BYTES - 2, PAGE_SIZE_BYTES - 1];

/** The kind of page that a b-tree's leaf of an index is. */
const INDEX_LEAF = 10;

interface Files {
  readonly main: Buffer;
  readonly log: Buffer | null;
}

/** What a store on these files is: refused with a reason, or read. On this thread, for there are a thousand of them. */
function look<T>({ main, log }: Files, read: (reader: Reader) => T): T | { readonly refused: string } {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-grid-'));
  const opened: DatabaseSync[] = [];
  const open = (path: string, how?: { readOnly?: boolean }): DatabaseSync => {
    const db = new DatabaseSync(path, how ?? {});
    opened.push(db);
    return db;
  };
  try {
    writeFileSync(join(directory, MAIN_FILE), main);
    if (log !== null) writeFileSync(join(directory, WAL_FILE), log);
    openForWriting(open, { directory, maxBytes: 0 });
    return read(new Reader(openForReading(open, { directory, maxBytes: 0 }), directory));
  } catch (error) {
    return { refused: openTrouble(directory, error).reason };
  } finally {
    for (const db of opened) if (db.isOpen) db.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function changed(bytes: Buffer, at: number, mask: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ mask;
  return copy;
}

function filesOf(directory: string, withLog: boolean): Files {
  const main = readFileSync(join(directory, MAIN_FILE));
  return { main, log: withLog ? readFileSync(join(directory, WAL_FILE)) : null };
}

afterAll(removeDirectories);

describe('a log that is cut or changed at its frames (C13)', () => {
  let files: Files & { readonly log: Buffer };
  let key: EntityKey;
  let acknowledgedAt: readonly number[];
  const frames = (): number[] =>
    Array.from(
      { length: (files.log.length - WAL_HEADER_BYTES) / FRAME_BYTES },
      (_, i) => WAL_HEADER_BYTES + i * FRAME_BYTES,
    );
  const acknowledged = (before: number): number => acknowledgedAt.filter((length) => length <= before).length;
  /** The rows that are left, each whole; or why it is refused. */
  const left = (log: Buffer) =>
    look({ ...files, log }, (reader) => {
      const { rows } = reader.load(key);
      expect(rows.every((row, i) => isWhole(row, i + 1))).toBe(true);
      return rows.length;
    });

  beforeAll(async () => {
    const image = await crashImage(4);
    files = filesOf(image.directory, true) as typeof files;
    ({ key, acknowledgedAt } = image);
  });

  it('leaves exactly what was acknowledged before the cut, at every boundary and within every frame', () => {
    expect(frames().length).toBeGreaterThan(10);
    for (const frame of frames()) {
      for (const cut of [
        frame,
        frame + 1,
        frame + FRAME_HEADER_BYTES,
        frame + FRAME_BYTES / 2,
        frame + FRAME_BYTES - 1,
      ]) {
        expect({ cut, left: left(files.log.subarray(0, cut)) }).toEqual({ cut, left: acknowledged(cut) });
      }
    }
    expect(left(files.log)).toBe(4);
  });

  it('leaves exactly what was acknowledged before the frame in which a byte changed', () => {
    for (const frame of frames()) {
      for (const byte of IN_FRAME) {
        const log = changed(files.log, frame + byte, 0x10);
        expect({ frame, byte, left: left(log) }).toEqual({ frame, byte, left: acknowledged(frame) });
      }
    }
  });

  it('is as good as none, or refused, when a byte of its own header changed', () => {
    for (let at = 0; at < WAL_HEADER_BYTES; at += 1) {
      const found = left(changed(files.log, at, 0x10));
      if (found !== 0) expect({ at, found }).toEqual({ at, found: { refused: expect.any(String) } });
    }
  });
});

describe('a main file that is cut or changed at its pages (C13)', () => {
  const ROWS = 12;
  let files: Files;
  let keys: readonly EntityKey[];
  const right = Array.from({ length: ROWS }, (_, i) => checkedRow(i + 1, 300));

  beforeAll(async () => {
    const image = await closedImage(20, ROWS);
    files = filesOf(image.directory, false);
    ({ keys } = image);
  });

  /** How the store gives an entity: as it is, as corrupt by name, with a row that decoding refuses, or wrong. */
  function given(reader: Reader, key: EntityKey): 'right' | 'corrupt' | 'row' | 'wrong' {
    let rows: readonly Row[];
    try {
      ({ rows } = reader.load(key));
    } catch (error) {
      const trouble = error instanceof TroubleError ? error.trouble : readTrouble('', key, error);
      expect(trouble).toMatchObject({ code: 'internal', reason: 'corrupt', message: expect.stringContaining(key.id) });
      return 'corrupt';
    }
    if (!rows.every((row, i) => isWhole(row, i + 1))) return 'row';
    const same = rows.every(({ bytes }, i) => Buffer.compare(bytes, right[i]?.bytes ?? Buffer.alloc(0)) === 0);
    return same && rows.length === ROWS ? 'right' : 'wrong';
  }

  function sound(reader: Reader): boolean {
    try {
      return reader.integrity().length === 0;
    } catch {
      return false;
    }
  }

  it('never hides entities by a damaged name of their namespace or type: they are corrupt', () => {
    const pages = look(files, ({ db }) =>
      db.prepare("SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'name'").all(),
    );
    const found = (pages as { rootpage: number }[]).flatMap(({ rootpage }) =>
      Array.from({ length: PAGE_SIZE_BYTES }, (_, byte) => (rootpage - 1) * PAGE_SIZE_BYTES + byte)
        .filter((at) => files.main[at] !== 0)
        .map((at) =>
          look({ ...files, main: changed(files.main, at, 0x01) }, (reader) => given(reader, keys[0] as EntityKey)),
        ),
    );
    expect(found.length).toBeGreaterThan(50);
    expect(found).toContain('corrupt');
    expect(found).not.toContain('wrong');
  });

  it('is refused as damaged when it is cut, at every page and next to it', () => {
    for (let cut = 0; cut < files.main.length; cut += PAGE_SIZE_BYTES) {
      for (const length of [cut, cut + 1, cut + PAGE_SIZE_BYTES - 1]) {
        const found = look({ ...files, main: files.main.subarray(0, length) }, () => 'open');
        expect({ length, found }).toEqual({ length, found: { refused: 'damaged' } });
      }
    }
  });

  it('is refused, or gives each entity right or as corrupt, but for what an index hides, which a full check finds', () => {
    const count = { refused: 0, right: 0, corrupt: 0, row: 0, wrong: 0 };
    for (let page = 0; page < files.main.length; page += PAGE_SIZE_BYTES) {
      for (const [i, byte] of IN_PAGE.entries()) {
        const at = page + byte;
        const main = changed(files.main, at, i % 2 === 0 ? 0x01 : 0xff);
        const found = look({ ...files, main }, (reader) => {
          const gives = keys.map((key) => given(reader, key));
          return { gives, known: !gives.includes('wrong') || !sound(reader) };
        });
        if ('refused' in found) {
          count.refused += 1;
          continue;
        }
        for (const gives of found.gives) count[gives] += 1;
        if (!found.gives.includes('wrong')) continue;
        // SQLite has no checksums of pages: an index that lost an entry answers as if there were none.
        expect({ at, kind: files.main[page], known: found.known }).toEqual({ at, kind: INDEX_LEAF, known: true });
      }
    }
    expect(Math.min(count.refused, count.right, count.corrupt, count.row)).toBeGreaterThan(0);
  }, 60_000);
});
