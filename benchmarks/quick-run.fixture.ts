/** Runs benchmarks as a user does, quickly, and looks at what they report. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '..');
const run = promisify(execFile);

interface Read {
  readonly workloads: readonly {
    readonly name: string;
    readonly error: string | null;
    readonly figures: readonly { readonly median: number; readonly target: number; readonly met: boolean }[];
    readonly sides: readonly object[];
  }[];
}

/** Each comes to its end, and each figure is reported beside its target, as text and as JSON. */
export async function expectFigures(
  names: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-bench-test-'));
  try {
    const json = join(directory, 'bench.json');
    const only = names.flatMap((name) => ['--only', name]);
    const args = [join(root, 'dist/benchmarks/main.js'), '--quick', '--json', json, '--data', directory, ...only];
    const { stdout } = await run(process.execPath, args, { cwd: root, env: { ...process.env, ...env } });
    const { workloads } = JSON.parse(readFileSync(json, 'utf8')) as Read;
    expect(workloads.map(({ name, error }) => ({ name, error }))).toEqual(names.map((name) => ({ name, error: null })));
    for (const { name, figures, sides } of workloads) {
      expect(stdout).toContain(`\n${name}: `);
      expect(figures.length).toBeGreaterThan(0);
      for (const { median, target } of figures) expect([median, target].every(Number.isFinite)).toBe(true);
      expect(sides.every((side) => Object.keys(side).length > 0)).toBe(true);
    }
    expect(stdout).toMatch(/\d+ figures met, \d+ missed; /);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
