import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from './clock';
import type { Verdict } from './step-watch';
import { StepWatch } from './step-watch';

const CHILD = join(__dirname, '../../dist/runtime/system/watchdog.child.js');
/** A hang lasts longer than any bound, so these say how long the tests take; between the two a row is made durable. */
const QUICK = { suspectMs: 100, killMs: 4_000, lookMs: 20 };
const NEVER_MS = 3_600_000;

type Call = readonly [id: string, method: string, ...args: unknown[]];

interface Ended {
  readonly signal: string | null;
  readonly code: number | null;
  /** One for each line it wrote. */
  readonly lines: readonly unknown[];
  readonly errors: string;
}

interface Settings {
  readonly bounds?: object;
  readonly build?: string;
  readonly inspect?: boolean;
  readonly hangOnReplay?: boolean;
  readonly flags?: readonly string[];
}

let directory = '';
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'perdure-watchdog-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function start(calls: readonly Call[], { bounds = QUICK, build = 'b1', flags = [], ...more }: Settings = {}) {
  const settings = JSON.stringify({ bounds, build, ...more });
  const child = spawn(process.execPath, [...flags, CHILD, directory, settings, JSON.stringify(calls)]);
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    const lines = output.split('\n').filter((line) => line !== '');
    return {
      code: code as number,
      signal: signal as string,
      lines: lines.map((line): unknown => JSON.parse(line)),
      errors,
    };
  });
  const told = async (what: string): Promise<void> => {
    while (!output.includes(what)) await once(child.stdout, 'data');
  };
  return { child, ended, told };
}

const run = (calls: readonly Call[], settings?: Settings): Promise<Ended> => start(calls, settings).ended;

describe('a step that does not end', () => {
  it.each<[string, Call, unknown]>([
    ['an update is answered internal', ['A', 'hang'], 'internal poison'],
    ['a signal holds its entity', ['A', 'poke'], null],
  ])(
    'kills its process twice, and then %s and the others serve (S20)',
    async (_, poison, answer) => {
      expect(
        await run([
          ['A', 'add', 1],
          ['B', 'add', 2],
        ]),
      ).toMatchObject({ code: 0, lines: [1, 2, []] });
      for (const death of [1, 2]) {
        const { signal, lines, errors } = await run([poison]);
        expect({ death, signal, lines }).toEqual({ death, signal: 'SIGKILL', lines: [] });
        expect(errors).toMatch(/perdure: victim\/A: .* does not end: this process is killed/);
      }
      const third = await run([poison, ['B', 'seen'], ['A', 'seen'], ['A', 'describe']]);
      const held: unknown =
        poison[1] === 'poke' ? expect.objectContaining({ input: 'signal poke', build: 'b1' }) : null;
      expect(third).toMatchObject({ code: 0, lines: [answer, 2, 1, held, expect.any(Array)] });
    },
    60_000,
  );

  it('is not loaded a third time by a build whose replay it is, and by the next one it is (S20)', async () => {
    await run([['A', 'add', 1]]);
    for (const death of [1, 2]) {
      const { signal } = await run([['A', 'seen']], { hangOnReplay: true });
      expect({ death, signal }).toEqual({ death, signal: 'SIGKILL' });
    }
    const third = await run(
      [
        ['A', 'seen'],
        ['B', 'seen'],
      ],
      { hangOnReplay: true },
    );
    expect(third).toMatchObject({ code: 0, lines: ['internal divergence', 'not_found undefined', expect.any(Array)] });
    expect(await run([['A', 'seen']], { build: 'b2' })).toMatchObject({ code: 0, lines: [1, []] });
  }, 60_000);
});

describe('a step that takes all memory', () => {
  it('is found once its process has died soon after its start, by a row that is written before each step (S20)', async () => {
    const flags = ['--max-old-space-size=48'];
    const bounds = { suspectMs: NEVER_MS, killMs: NEVER_MS };
    for (const death of [1, 2, 3, 4]) {
      const { code, signal, lines } = await run([['A', 'bomb']], { flags, bounds });
      expect({ death, died: signal !== null || code !== 0, lines }).toEqual({ death, died: true, lines: [] });
    }
    const fifth = await run(
      [
        ['A', 'bomb'],
        ['A', 'add', 1],
      ],
      { flags, bounds },
    );
    expect(fifth).toMatchObject({ code: 0, lines: ['internal poison', 1, []] });
  }, 60_000);
});

describe('a step that ends', () => {
  it('is not killed for being slow, and leaves no row (S20)', async () => {
    const bounds = { suspectMs: 50, killMs: NEVER_MS, lookMs: 10 };
    expect(await run([['A', 'slow']], { bounds })).toMatchObject({ code: 0, lines: ['slow', []] });
  }, 60_000);

  it('is not killed for the time in which its process is stopped (S20)', async () => {
    const killMs = 3_000;
    const { child, ended, told } = start([['A', 'wait']], { bounds: { suspectMs: 1_000, killMs } });
    await told('waiting');
    child.kill('SIGSTOP');
    await new Promise<void>((resolve) => systemClock.after(killMs + 500, resolve));
    writeFileSync(join(directory, 'go'), '');
    child.kill('SIGCONT');
    expect(await ended).toMatchObject({ code: 0, lines: ['waiting', 'waited', []] });
  }, 60_000);

  it('is not killed while a debugger can be attached (S20)', async () => {
    const killMs = 50;
    const { ended, told } = start([['A', 'wait']], { bounds: { suspectMs: 20, killMs, lookMs: 5 }, inspect: true });
    await told('waiting');
    await new Promise<void>((resolve) => systemClock.after(10 * killMs, resolve));
    writeFileSync(join(directory, 'go'), '');
    expect(await ended).toMatchObject({ code: 0, lines: ['waiting', 'waited', []] });
  }, 60_000);
});

describe('what is to be done about a step', () => {
  const bounds = { suspectMs: 1_000, killMs: 5_000, lookMs: 500 };
  type Look = readonly [step: number, sinceMs: number, verdict: Verdict, debugged?: boolean];
  const lasting = (step: number, verdicts: readonly Verdict[]): Look[] =>
    verdicts.map((verdict): Look => [step, 1_000, verdict]);

  it.each<[string, readonly Look[]]>([
    ['nothing while nothing runs', lasting(0, Array<Verdict>(9).fill('nothing'))],
    ['a row at 1 s, the kill at 5 s', lasting(1, ['nothing', 'write', 'nothing', 'nothing', 'nothing', 'kill'])],
    [
      'the row goes when the step has ended',
      [...lasting(1, ['nothing', 'write']), [0, 1_000, 'remove'], [0, 1, 'nothing']],
    ],
    [
      'the row goes when another step runs',
      [...lasting(1, ['nothing', 'write']), [2, 1_000, 'remove'], [2, 1_000, 'write']],
    ],
    ['each of many steps has its own time', [1, 2, 3, 4, 5, 6, 7].map((step): Look => [step, 1_000, 'nothing'])],
    [
      'an hour without a look is not an hour of the step',
      [
        [1, 1, 'nothing'],
        [1, 3_600_000, 'write'],
        [1, 1, 'nothing'],
      ],
    ],
    ['nothing while a debugger may be attached', [1, 2, 3, 4, 5, 6, 7].map((): Look => [1, 1_000, 'nothing', true])],
  ])('is: %s (S20)', (_, looks) => {
    const watch = new StepWatch(bounds);
    const verdicts = looks.map(([step, sinceMs, , debugged = false]) => watch.look(step, sinceMs, debugged));
    expect(verdicts).toEqual(looks.map(([, , verdict]) => verdict));
  });

  it('is the row again when it could not be written (S20)', () => {
    const watch = new StepWatch(bounds);
    expect([watch.look(1, 0, false), watch.look(1, 1_000, false)]).toEqual(['nothing', 'write']);
    watch.failed();
    expect(watch.look(1, 1_000, false)).toBe('write');
  });
});
