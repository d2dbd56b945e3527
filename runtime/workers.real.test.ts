import 'reflect-metadata';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Entity, Query, Update, activities } from '../framework';
import { testServices } from '../services/for-tests';
import { nats, remote, serve, silentLog, sqlite, startHost, startWorker } from '.';
import type { RunningHost, RunningWorker } from '.';
import type { PerdureClient } from './client';
import { connect } from './client';
import type { Renderer } from './renderer.fixture';

const built = join(__dirname, '..', 'dist');
const render = activities<Renderer>('worker-render', { retry: { initial: '10ms', maximum: '100ms' } });

@Entity('worker-studio')
class Studio {
  made: string[] = [];

  @Update() async make(name: string, queue: string): Promise<unknown> {
    this.made.push(name);
    return await render.with({ queue }).frame(name);
  }

  @Update() async shoot(name: string, queue: string): Promise<unknown> {
    return await render.with({ queue }).film(name);
  }

  @Query() all(): string[] {
    return this.made;
  }
}

describe('activities that workers run over NATS (C17)', () => {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-workers-'));
  const notes = join(directory, 'notes.txt');
  const children: ChildProcess[] = [];
  const workers: RunningWorker[] = [];
  let host: RunningHost;
  let perdure: PerdureClient;
  let at: { readonly servers: string; readonly prefix: string };

  beforeAll(async () => {
    const { nats: servers } = await testServices();
    at = { servers, prefix: `w${process.pid}-${Date.now().toString(36)}` };
    host = await startHost({
      entities: [Studio],
      activities: [remote(render)],
      store: sqlite(join(directory, 'store')),
      transport: nats(at),
      build: 'b1',
      log: silentLog,
      watchdog: 'off',
    });
    perdure = await connect(nats(at));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const worker of workers.splice(0)) await worker.stop();
  });
  afterAll(async () => {
    await perdure.close();
    await host.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const noted = (): string[] => (existsSync(notes) ? readFileSync(notes, 'utf8').trimEnd().split('\n') : []);
  const untilNoted = async (line: string, times = 1): Promise<void> => {
    while (noted().filter((one) => one.startsWith(line)).length < times) await aMoment();
  };
  /** A process of its own. */
  const child = (queue: string): ChildProcess => {
    const program = join(built, 'runtime', 'worker.child.js');
    const made = spawn(process.execPath, [program, at.servers, at.prefix, queue, notes], { stdio: 'inherit' });
    children.push(made);
    return made;
  };

  it('run in their process, each in the queue it is bound to, and open no port', async () => {
    const [any, gpu] = [child(''), child('gpu 7')];
    const studio = perdure.entity(Studio, 'S-1');
    expect(await studio.make('a', '')).toBe(`a by ${any.pid}`);
    expect(await studio.make('b', 'gpu 7')).toBe(`b by ${gpu.pid}`);
    expect(await studio.make('c', '')).toBe(`c by ${any.pid}`);
    expect(noted()).toContain('gpu 7 frame b default/worker-studio/S-1/4');
  });

  it('wait for a worker of their queue, and go to the next when theirs is killed, with its last heartbeat (S15)', async () => {
    const studio = perdure.entity(Studio, 'S-2');
    const film = perdure.call(studio, { timeout: '50s' }).shoot('f', 'reel');
    const first = child('reel');
    await untilNoted('reel film f attempt 1');
    while ((await perdure.describe(studio)).activities[0]?.running !== true) await aMoment();
    first.kill('SIGKILL');
    child('reel');
    expect(await film).toEqual({ reel: 1 });
    await untilNoted('reel film f attempt 1', 2);
  });

  it('are told to stop when their entity is terminated, and by a worker that drains', async () => {
    const lines: string[] = [];
    const { Renderer: Here } = await import('./renderer.fixture.js');
    const worker = await startWorker({
      activities: [serve(render, new Here((line) => lines.push(line)))],
      transport: nats({ ...at, replyGroup: 'worker' }),
      queues: ['here'],
      runningActivities: 2,
    });
    workers.push(worker);
    const ended = perdure.entity(Studio, 'S-3');
    const going = perdure.entity(Studio, 'S-4');
    const terminated = ended.shoot('x', 'here').catch((error: unknown) => error);
    void going.shoot('y', 'here').catch(() => undefined);
    while (lines.length < 2) await aMoment();
    await perdure.terminate(ended);
    expect(await terminated).toMatchObject({ code: 'terminated' });
    while (!lines.includes('film x aborted')) await aMoment();
    workers.splice(0);
    await worker.drain();
    expect(lines).toContain('film y aborted');
    const { activities: open } = await perdure.describe(going);
    expect(open).toMatchObject([{ method: 'film', running: false }]);
  });

  it('run in the process of `perdure worker`, which ends in order on SIGTERM', async () => {
    const [host, framework] = ['runtime', 'framework'].map((room) => JSON.stringify(join(built, room, 'index.js')));
    const file = join(directory, 'worker.cjs');
    const lines = [
      `const p = require(${host}); const f = require(${framework});`,
      "const group = f.activities('worker-render');",
      `const transport = p.nats({ servers: '${at.servers}', prefix: '${at.prefix}' });`,
      "const renderer = { frame: async (name) => name + ' by ' + process.pid };",
      "exports.default = p.defineWorker({ activities: [p.serve(group, renderer)], transport, queues: ['cli'] });",
    ];
    writeFileSync(file, lines.join('\n'));
    const made = spawn(process.execPath, [join(built, 'runtime/cli/perdure.js'), 'worker', file], { stdio: 'inherit' });
    children.push(made);
    expect(await perdure.entity(Studio, 'S-5').make('a', 'cli')).toBe(`a by ${made.pid}`);
    const exited = new Promise((resolve) => made.once('exit', resolve));
    made.kill('SIGTERM');
    expect(await exited).toBe(0);
  });

  it('refuse options that make no worker', async () => {
    const options = { activities: [], transport: nats(at) };
    await expect(startWorker({ ...options, queues: [] })).rejects.toThrow('name one, or leave queues out');
    await expect(startWorker({ ...options, runningActivities: 0 })).rejects.toThrow('give a whole number from 1');
  });
});

const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
