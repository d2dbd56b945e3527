import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EntityKey } from '../../../framework/model/identity';
import type { Row } from '../../ports/history-store';
import { INDEX, keyOf } from '../store.fixture';
import {
  changeFile,
  checkedRow,
  closedImage,
  copyImage,
  crashImage,
  isWhole,
  newDirectory,
  removeDirectories,
} from './damage.fixture';
import { MAIN_FILE, PAGE_SIZE_BYTES, WAL_FILE } from './layout';
import type { SqliteSession } from './sqlite-session';
import { sqliteStore } from './sqlite-store';

const WAL_HEADER_BYTES = 32;
const FRAME_BYTES = PAGE_SIZE_BYTES + 24;

afterAll(removeDirectories);

async function withSession<T>(directory: string, use: (session: SqliteSession) => Promise<T>): Promise<T> {
  const session = await sqliteStore({ directory }).open();
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

/** Rows that are there and whole, after which there are none. */
async function prefixOf(directory: string, key: EntityKey): Promise<number> {
  const { rows } = await withSession(directory, (session) => session.load(key));
  expect(rows.every((row, i) => isWhole(row, i + 1))).toBe(true);
  return rows.length;
}

function checkRow(key: EntityKey, row: Row, previous: Row | null): void {
  if (!isWhole(row, (previous?.seq ?? 0) + 1)) throw new Error(`${key.id} has a bad row ${row.seq}`);
}

describe('a log that ends early (C13)', () => {
  it('is recovered to exactly what was acknowledged before each cut, at and within every frame', async () => {
    const image = await crashImage(4);
    const { size } = statSync(join(image.directory, WAL_FILE));
    const cuts = [0, WAL_HEADER_BYTES - 1];
    for (let cut = WAL_HEADER_BYTES; cut <= size; cut += FRAME_BYTES) cuts.push(cut, cut + FRAME_BYTES - 1);
    for (const cut of cuts) {
      const directory = copyImage(image.directory);
      changeFile(directory, WAL_FILE, (bytes) => bytes.subarray(0, cut));
      const acknowledged = image.acknowledgedAt.filter((length) => length <= cut).length;
      expect({ cut, rows: await prefixOf(directory, image.key) }).toEqual({ cut, rows: acknowledged });
    }
  }, 60_000);

  it('is recovered when it is gone: the loss of a whole log cannot be told from a store without one', async () => {
    const image = await crashImage(2);
    rmSync(join(image.directory, WAL_FILE));
    expect(await prefixOf(image.directory, image.key)).toBe(0);
  });

  it.each([7, 20_261_122, Math.floor(Math.random() * 2 ** 32)])(
    'is cut by a changed byte: whole rows without a hole are left, seed %d',
    async (seed) => {
      const image = await crashImage(6);
      const { size } = statSync(join(image.directory, WAL_FILE));
      for (let round = 0; round < 6; round += 1) {
        const directory = copyImage(image.directory);
        const at = Math.imul(seed + round, 2_654_435_761) >>> 0;
        changeFile(directory, WAL_FILE, (bytes) => void (bytes[at % size] = (bytes[at % size] ?? 0) ^ 0x10));
        const before = image.acknowledgedAt.filter((length) => length <= at % size).length;
        expect(await prefixOf(directory, image.key)).toBeGreaterThanOrEqual(at % size < WAL_HEADER_BYTES ? 0 : before);
      }
    },
    60_000,
  );
});

describe('a main file that is not whole (C13)', () => {
  let image: { directory: string; keys: EntityKey[] };

  beforeAll(async () => {
    image = await closedImage(20, 12);
  });

  async function refusalAfter(change: (bytes: Buffer) => Buffer | void): Promise<unknown> {
    const directory = copyImage(image.directory);
    changeFile(directory, MAIN_FILE, change);
    return sqliteStore({ directory })
      .open()
      .then((session) => session.close())
      .catch((error: unknown) => ({ ...(error as object), message: (error as Error).message, directory }));
  }

  it('is refused at start when it is short, naming the directory and the remedy', async () => {
    const { size } = statSync(join(image.directory, MAIN_FILE));
    for (const length of [0, 50, 100, PAGE_SIZE_BYTES, size - PAGE_SIZE_BYTES, size - 1]) {
      const refusal = await refusalAfter((bytes) => bytes.subarray(0, length));
      expect(refusal).toMatchObject({
        code: 'unavailable',
        reason: 'damaged',
        message: expect.stringContaining('restore'),
      });
    }
  });

  it('is refused at start when its header, application id or format version is not ours', async () => {
    const header = await refusalAfter((bytes) => void bytes.write('Sqlite', 0));
    expect(header).toMatchObject({ code: 'unavailable', reason: 'damaged' });
    const application = await refusalAfter((bytes) => void bytes.writeUInt32BE(42, 68));
    expect(application).toMatchObject({ code: 'unavailable', reason: 'foreign' });
    const version = await refusalAfter((bytes) => void bytes.writeUInt32BE(2, 60));
    expect(version).toMatchObject({
      code: 'unavailable',
      reason: 'version',
      message: expect.stringContaining('format 2'),
    });
  });

  it('is refused when the log is there and the main file is not', async () => {
    const crashed = await crashImage(1);
    rmSync(join(crashed.directory, MAIN_FILE));
    await expect(sqliteStore({ directory: crashed.directory }).open()).rejects.toMatchObject({ reason: 'damaged' });
  });

  it('serves every entity but those whose pages are bad, and names these; a full check finds each bad page', async () => {
    const pages = statSync(join(image.directory, MAIN_FILE)).size / PAGE_SIZE_BYTES;
    let served = 0;
    let broken = 0;
    for (let page = 2; page <= pages; page += 1) {
      const directory = copyImage(image.directory);
      changeFile(
        directory,
        MAIN_FILE,
        (bytes) => void bytes.fill(0xff, (page - 1) * PAGE_SIZE_BYTES, page * PAGE_SIZE_BYTES),
      );
      const session = await sqliteStore({ directory })
        .open()
        .catch(() => null);
      if (!session) continue;
      for (const key of image.keys) {
        const rows = await session.load(key).catch((error: unknown) => error);
        if (!Array.isArray((rows as { rows?: unknown }).rows)) {
          expect(rows).toMatchObject({ code: 'internal', reason: 'corrupt', message: expect.stringContaining(key.id) });
          broken += 1;
        } else {
          expect((rows as { rows: Row[] }).rows).toEqual(Array.from({ length: 12 }, (_, i) => checkedRow(i + 1, 300)));
          served += 1;
        }
      }
      expect((await session.verify(checkRow)).problems).not.toEqual([]);
      await session.close();
    }
    expect(served).toBeGreaterThan(0);
    expect(broken).toBeGreaterThan(0);
  }, 60_000);

  it.each([3, Math.floor(Math.random() * 2 ** 32)])(
    'never gives wrong rows that the full check does not find, one byte changed, seed %d',
    async (seed) => {
      const { size } = statSync(join(image.directory, MAIN_FILE));
      for (let round = 0; round < 10; round += 1) {
        const directory = copyImage(image.directory);
        const at = PAGE_SIZE_BYTES + ((Math.imul(seed + round, 2_654_435_761) >>> 0) % (size - PAGE_SIZE_BYTES));
        changeFile(directory, MAIN_FILE, (bytes) => void (bytes[at] = (bytes[at] ?? 0) ^ 0x41));
        const session = await sqliteStore({ directory })
          .open()
          .catch(() => null);
        if (!session) continue;
        const loads = await Promise.all(
          image.keys.map((key) => session.load(key).catch(() => ({ rows: [] as Row[] }))),
        );
        const right = loads.every(({ rows }) => rows.length === 12 && rows.every((row, i) => isWhole(row, i + 1)));
        const { problems } = await session.verify(checkRow);
        if (!right) expect({ at, found: problems.length > 0 }).toEqual({ at, found: true });
        await session.close();
      }
    },
    60_000,
  );

  it('passes the full check when it is whole', async () => {
    const report = await withSession(copyImage(image.directory), (session) => session.verify(checkRow));
    expect(report).toEqual({ entities: 20, rows: 240, problems: [] });
  });
});

describe('the lock of a data directory (C13)', () => {
  it('refuses a second session in this process until the first is closed', async () => {
    const directory = newDirectory();
    await withSession(directory, async () => {
      const refusal = { code: 'unavailable', reason: 'locked', message: expect.stringContaining(String(process.pid)) };
      await expect(sqliteStore({ directory }).open()).rejects.toMatchObject(refusal);
    });
    await withSession(directory, async (session) => expect(await session.fence()).toBe(true));
  });

  it('refuses a second process while the first lives, and after its SIGKILL has every acknowledged row', async () => {
    const directory = newDirectory();
    const script = join(__dirname, '../../../dist/runtime/store/embedded/holder.child.js');
    const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    while (output.split('\n').length < 20) await once(child.stdout, 'data');
    const message: unknown = expect.stringContaining(`process ${child.pid}`);
    await expect(sqliteStore({ directory }).open()).rejects.toMatchObject({
      code: 'unavailable',
      reason: 'locked',
      message,
    });
    child.kill('SIGKILL');
    await once(child, 'close');
    const acknowledged = output.slice(0, output.lastIndexOf('\n')).split('\n').length;
    const tail = await withSession(directory, (session) => session.index(keyOf('held')));
    expect(tail?.seq).toBeGreaterThanOrEqual(acknowledged);
  });

  it('is not taken by a directory that cannot be made', async () => {
    const directory = newDirectory();
    mkdirSync(join(directory, 'file', 'lock.db'), { recursive: true });
    await expect(sqliteStore({ directory: join(directory, 'file') }).open()).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('a full disk (C13)', () => {
  it('ends the session: unknown from then on, everything acknowledged is there in the next', async () => {
    const directory = newDirectory();
    const store = sqliteStore({ directory, maxBytes: 60 * PAGE_SIZE_BYTES });
    const first = await store.open();
    const key = keyOf('C-1');
    let acknowledged = 0;
    for (let seq = 1, results = ['ok']; results[0] === 'ok'; seq += 1) {
      results = await first.append([{ key, row: checkedRow(seq, 3_000), index: seq === 1 ? INDEX : null }]);
      if (results[0] === 'ok') acknowledged = seq;
      else expect(results).toEqual(['unknown']);
    }
    expect(await first.lost).toMatchObject({ code: 'unavailable', reason: 'disk_full' });
    expect(await first.fence()).toBe(false);
    expect(await first.append([{ key, row: checkedRow(acknowledged + 1, 5), index: null }])).toEqual(['unknown']);
    const second = await store.open();
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect((await second.index(key))?.seq).toBe(acknowledged);
    expect(await second.append([{ key, row: checkedRow(acknowledged, 3_000), index: null }])).toEqual(['ok']);
    await second.close();
    await first.close();
  });
});
