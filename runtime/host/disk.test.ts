import 'reflect-metadata';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Entity, Query, Update } from '../../framework';
import { MAIN_FILE, PAGE_SIZE_BYTES, WAL_FILE } from '../store/embedded/layout';
import { sqliteStore } from '../store/embedded/sqlite-store';
import { verifyStore } from '../store/verify-store';
import { silentLog, sqlite, startHost } from '..';
import type { HistoryStore, LogFields, RunningHost } from '..';

@Entity('log')
class Log {
  entries: string[] = [];

  @Update() add(entry: string): number {
    this.entries.push(entry);
    return this.entries.length;
  }

  @Query() all(): string[] {
    return this.entries;
  }
}

const LOGS = 3;
const made: string[] = [];
const hosts: RunningHost[] = [];

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-disk-'));
  made.push(directory);
  return directory;
}

afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
});

afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

async function start(store: HistoryStore, errors: string[] = []): Promise<RunningHost> {
  const error = ({ error }: LogFields, message: string) => void errors.push(`${message}: ${String(error)}`);
  const log = { ...silentLog, error };
  const host = await startHost({ entities: [Log], store, build: 'b1', log, limits: { snapshotTurns: 7 } });
  hosts.push(host);
  return host;
}

function add({ client }: RunningHost, n: number, padding: string, timeout: '20s' | '300ms'): Promise<number> {
  const log = client.entity(Log, `L-${n % LOGS}`);
  return client.call(log, { messageId: `m-${n}`, timeout }).add(`${n}${padding}`);
}

/** What the entities hold, by the numbers of their entries. */
async function held({ client }: RunningHost): Promise<number[][]> {
  const all = Array.from({ length: LOGS }, (_, at) => client.entity(Log, `L-${at}`).all());
  return (await Promise.all(all)).map((entries) => entries.map((entry) => parseInt(entry, 10)));
}

function expected(count: number): number[][] {
  const numbers = Array.from({ length: count }, (_, at) => at);
  return Array.from({ length: LOGS }, (_, at) => numbers.filter((n) => n % LOGS === at));
}

describe('crash images: copies of the directory while the host writes (R6)', () => {
  it('hold every update that was acknowledged before the copy was begun, whole and in order', async () => {
    const directory = newDirectory();
    const host = await start(sqlite(directory));
    const images: { readonly image: string; readonly acknowledged: number }[] = [];
    let acknowledged = 0;
    for (let n = 0; n < 120; n += 1) {
      // Later ones are under way while the copy is made.
      const pending = n % 8 === 7 ? [] : [add(host, n, ` ${'x'.repeat(n)}`, '20s')];
      if (pending.length === 0) {
        const writing = add(host, n, '', '20s');
        const image = newDirectory();
        const files = [MAIN_FILE, WAL_FILE].map((file) => join(directory, file));
        execFileSync('cp', [...files, image]);
        images.push({ image, acknowledged });
        pending.push(writing);
      }
      await Promise.all(pending);
      acknowledged = n + 1;
    }
    await host.stop();
    for (const { image, acknowledged: before } of images) {
      const again = await start(sqlite(image));
      const found = before === 0 ? [] : await held(again);
      expect(found.flat().length).toBeLessThanOrEqual(before + 1);
      for (const [at, numbers] of found.entries()) expect(numbers).toEqual(expected(found.flat().length)[at]);
      expect(found.flat().length).toBeGreaterThanOrEqual(before);
      await again.stop();
      expect((await verifyStore(image)).problems).toEqual([]);
    }
    expect(images).toHaveLength(15);
  }, 25_000);
});

describe('a disk that is full (C13)', () => {
  it('stops acknowledging, says why, and goes on in a new session when there is room, each message once', async () => {
    const directory = newDirectory();
    const errors: string[] = [];
    let maxBytes = 80 * PAGE_SIZE_BYTES;
    const store = { open: () => sqliteStore({ directory, maxBytes }).open() };
    const host = await start(store, errors);
    let acknowledged = 0;
    let refusal: unknown = null;
    // On a busy machine an update may be late though there is room: it is sent again, until the host has said why.
    while (refusal === null || errors.length === 0) {
      await add(host, acknowledged, ` ${'x'.repeat(2_000)}`, '300ms').then(
        () => (acknowledged += 1),
        (error: unknown) => (refusal = error),
      );
    }
    expect(acknowledged).toBeGreaterThan(3);
    expect(['deadline_exceeded', 'unavailable']).toContain((refusal as { code: string }).code);
    expect(errors.join()).toMatch(/session is lost.*full.*make room/s);
    maxBytes = 0;
    expect(await add(host, acknowledged, ` ${'x'.repeat(2_000)}`, '20s')).toBe(Math.floor(acknowledged / LOGS) + 1);
    for (let n = 0; n < acknowledged; n += 1)
      expect(await add(host, n, ` ${'x'.repeat(2_000)}`, '20s')).toBe(Math.floor(n / LOGS) + 1);
    expect(await held(host)).toEqual(expected(acknowledged + 1));
    await host.stop();
    expect((await verifyStore(directory)).problems).toEqual([]);
  }, 15_000);
});

describe('a session that is lost in the middle of a load (C13)', () => {
  it('is followed by another; callers resend by themselves, and each message is applied once', async () => {
    const directory = newDirectory();
    const errors: string[] = [];
    let maxBytes = 60 * PAGE_SIZE_BYTES;
    const opened: number[] = [];
    const store: HistoryStore = {
      open: async () => {
        const session = await sqliteStore({ directory, maxBytes }).open();
        opened.push(session.epoch);
        maxBytes += 60 * PAGE_SIZE_BYTES;
        return session;
      },
    };
    const host = await start(store, errors);
    for (let wave = 0; wave < 120; wave += 10) {
      const numbers = Array.from({ length: 10 }, (_, at) => wave + at);
      await Promise.all(numbers.map((n) => add(host, n, ` ${'x'.repeat(3_000)}`, '20s')));
    }
    const found = await held(host);
    expect(found.map((list) => [...list].sort((a, b) => a - b))).toEqual(expected(120));
    expect(opened.length).toBeGreaterThan(1);
    expect(opened).toEqual([...opened].sort((a, b) => a - b));
    await host.stop();
    expect((await verifyStore(directory)).problems).toEqual([]);
  }, 15_000);
});

describe('a directory that another process has (C13)', () => {
  it('is refused with one line that names the process, and taken once that has been killed', async () => {
    const directory = newDirectory();
    const script = join(__dirname, '../../dist/runtime/store/embedded/holder.child.js');
    const holder = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    const refused = await start(sqlite(directory)).catch((error: Error) => error);
    expect(refused).toMatchObject({ code: 'unavailable', reason: 'locked' });
    expect((refused as Error).message).toContain(`process ${holder.pid}`);
    expect((refused as Error).message).not.toContain('\n');
    holder.kill('SIGKILL');
    await once(holder, 'close');
    const host = await start(sqlite(directory));
    expect(await add(host, 0, '', '20s')).toBe(1);
    await host.stop();
  });
});
