import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const built = join(__dirname, '../../dist');
const command = join(built, 'runtime/cli/perdure.js');
const directory = mkdtempSync(join(tmpdir(), 'perdure-modules-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function moduleOf(name: string, text: string): string {
  const file = join(directory, name);
  const host = JSON.stringify(join(built, 'runtime/index.js'));
  const framework = JSON.stringify(join(built, 'framework/index.js'));
  writeFileSync(file, `const p = require(${host}); const f = require(${framework});\n${text}\n`);
  return file;
}

const run = (...args: string[]) =>
  spawnSync(process.execPath, [command, ...args], { encoding: 'utf8', timeout: 20_000 });

const firstLine = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => child.stdout?.once('data', (bytes: Buffer) => resolve(bytes.toString())));
const exitOf = (child: ChildProcess): Promise<number | null> => new Promise((resolve) => child.once('exit', resolve));

describe('perdure host and perdure worker', () => {
  it('serve what the module describes, until a signal drains them', async () => {
    const store = JSON.stringify(join(directory, 'store'));
    const options = `{ entities: [], store: p.sqlite(${store}), activities: [], log: p.silentLog }`;
    const host = moduleOf('host.cjs', `exports.default = p.defineHost(${options});`);
    const child = spawn(process.execPath, [command, 'host', host], { stdio: ['ignore', 'pipe', 'inherit'] });
    expect(await firstLine(child)).toBe('perdure: the host serves; end it with SIGTERM\n');
    const exited = exitOf(child);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });

  it.each([
    ['a module that is not there', 'nowhere.cjs', 'there is no module'],
    ['a module without a description', moduleOf('empty.cjs', 'exports.other = 1;'), 'defineWorker({ … })'],
    [
      'options that make no worker',
      moduleOf('wrong.cjs', "exports.default = { activities: [], transport: p.nats({ servers: 'x' }), queues: [] };"),
      'a worker without queues takes nothing',
    ],
  ])('call %s bad usage, in one line', (_name, file, words) => {
    const { status, stdout, stderr } = run('worker', file);
    expect([status, stdout, stderr.trimEnd().split('\n').length]).toEqual([2, '', 1]);
    expect(stderr).toContain(words);
  });

  it('end with 3 when a server cannot be reached, and with 1 when the module fails', () => {
    const away = "exports.default = { activities: [], transport: p.nats({ servers: 'nats://127.0.0.1:1' }) };";
    expect(run('worker', moduleOf('away.cjs', away))).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('NATS at nats://127.0.0.1:1 cannot be reached') as string,
    });
    expect(run('worker', moduleOf('broken.cjs', "throw new Error('broken');"))).toMatchObject({
      status: 1,
      stderr: 'perdure: broken\n',
    });
  });
});
