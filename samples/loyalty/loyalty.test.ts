import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqlite } from 'perdure/host';

const root = join(__dirname, '..', '..');
/** What it says once its accounts are open. */
const OPENED = 'Accounts are kept in';
const program = join(root, 'dist', 'samples', 'loyalty', 'main.js');

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
  /** The last line of standard output. */
  readonly figures: () => unknown;
}

interface Kill {
  readonly signal: NodeJS.Signals;
  /** After it has opened its accounts. */
  readonly afterMs: number;
}

/** Runs the compiled sample, as `npm start` does. */
function start(args: readonly string[], kill?: Kill): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const before = texts.err.includes(OPENED);
    texts.err += text;
    const opened = !before && texts.err.includes(OPENED);
    if (opened && kill !== undefined) setTimeout(() => child.kill(kill.signal), kill.afterMs);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const figures = (): unknown => JSON.parse(texts.out.trimEnd().split('\n').at(-1) ?? '');
      resolve({ code, signal, ...texts, figures });
    });
  });
}

let folder: string;
let data: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perdure-loyalty-'));
  data = join(folder, 'data');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, ...lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, ['customer,date,quantity,amount', ...lines, ''].join('\n'));
  return path;
}

const runOn = (input: string): Promise<Ended> => start(['--data', data, '--input', input, '--json']);

describe('the loyalty sample', () => {
  it('ends with the exact totals however often it is killed, and applies nothing twice', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`seed ${seed}`);
    const whole = { customers: 2_357, purchases: 7_138, units: 16_398, cents: 24_460_308 };
    let kills = 0;
    for (let round = 0; round < 6; round++) {
      const { signal } = await start(['--data', data], { signal: 'SIGKILL', afterMs: (seed >> (3 * round)) % 150 });
      if (signal === null) break;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(0);
    const last = await start(['--data', data, '--json']);
    expect(last.err).not.toContain('WRONG');
    expect(last.figures()).toMatchObject({ ...whole, refused: 0 });
    expect(last.code).toBe(0);

    const again = await start(['--data', data, '--json']);
    expect(again.figures()).toEqual({ ...whole, applied: 0, duplicates: 7_138, refused: 0 });
    const keys = readFileSync(join(data, 'outbox.jsonl'), 'utf8').trimEnd().split('\n');
    expect(new Set(keys.map((line) => (JSON.parse(line) as { key: string }).key)).size).toBe(keys.length);
  }, 120_000);

  it('drains and ends when it is interrupted, and goes on when it is started again', async () => {
    const first = await start(['--data', data], { signal: 'SIGINT', afterMs: 0 });
    expect(first.err).toMatch(/^Interrupted: \d+ purchases are durable/m);
    expect(first).toMatchObject({ code: 130, out: '' });
    const second = await start(['--data', data, '--json']);
    expect(second.figures()).toMatchObject({ customers: 2_357, purchases: 7_138, cents: 24_460_308 });
    expect(second.code).toBe(0);
  }, 60_000);

  it('counts and names bad lines, applies the others and ends with 1', async () => {
    const input = file('bad.csv', 'A,2021-01-01,1,9.99', 'A,2021-01-01,-1,9.99', 'B,2021-01-01,2,0.00', 'C,x,1,1.00');
    const run = await runOn(input);
    const totals = { customers: 2, purchases: 2, units: 3, cents: 999 };
    expect(run.figures()).toEqual({ ...totals, applied: 2, duplicates: 0, refused: 2 });
    expect(run.err).toMatch(/^line 3 is refused: quantity "-1"/m);
    expect(run.err).toMatch(/^line 5 is refused: date "x"/m);
    expect(run.code).toBe(1);
  });

  it('applies equal lines as purchases of their own, and only what is new of a file that has grown', async () => {
    const line = 'A,2021-01-01,1,10.00';
    const first = await runOn(file('first.csv', line, line));
    expect(first.figures()).toMatchObject({ purchases: 2, cents: 2_000, applied: 2, duplicates: 0 });
    const grown = await runOn(file('grown.csv', 'B,2021-01-01,1,1.00', line, line, line));
    expect(grown.figures()).toMatchObject({ customers: 2, purchases: 4, cents: 3_100, applied: 2, duplicates: 2 });
    const cut = await runOn(file('cut.csv', 'B,2021-01-01,1,1.00'));
    expect(cut.figures()).toMatchObject({ customers: 2, purchases: 4, cents: 3_100, applied: 0, duplicates: 1 });
    expect([first.code, grown.code, cut.code]).toEqual([0, 0, 0]);
  });

  it.each([
    ['an unknown option', ['--inptu', 'x.csv'], "Unknown option '--inptu'"],
    ['an option without its value', ['--input'], "Option '--input' argument is ambiguous"],
    ['a file that is not there', ['--input', 'nowhere.csv'], 'nowhere.csv'],
  ])('says in one line what is wrong with %s, and ends with 2', async (_what, args, text) => {
    const run = await start([...args, '--data', data]);
    expect(run.err).toContain(text);
    expect(run.err.trimEnd()).not.toContain('\n');
    expect(run).toMatchObject({ code: 2, out: '' });
  });

  it('checks a data directory with --verify, and names what is damaged (C13)', async () => {
    await runOn(file('one.csv', '00001,2021-01-01,1,11.77', '00002,2021-01-12,1,12.00'));
    const whole = await start(['--data', data, '--verify']);
    expect([whole.code, whole.out]).toEqual([0, '2 accounts with 2 records checked: 0 problems\n']);
    const main = join(data, 'history.db');
    const bytes = readFileSync(main);
    const at = bytes.lastIndexOf('purchased');
    bytes[at] = 0;
    writeFileSync(main, bytes);
    const damaged = await start(['--data', data, '--verify']);
    expect(damaged.code).toBe(1);
    expect(damaged.err).toMatch(/record 1/);
    const missing = await start(['--data', join(folder, 'nothing'), '--verify']);
    expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('has no history to check')]);
  });

  it('says in one line that another process has the directory, and ends with 3 (C13)', async () => {
    const session = await sqlite(data).open();
    const run = await start(['--data', data]);
    await session.close();
    expect(run.err.trimEnd()).toMatch(/^loyalty: .* is open in process \d+: [^\n]*$/);
    expect(run.code).toBe(3);
  });
});
