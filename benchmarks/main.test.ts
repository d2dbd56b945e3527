import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '..');
const WORKLOADS = [
  'memory',
  'uniform-updates',
  'hot-key',
  'lone-update',
  'refused-updates',
  'replay',
  'cold-activation',
  'pending-timers',
];

interface Read {
  readonly workloads: readonly {
    readonly name: string;
    readonly error: string | null;
    readonly figures: readonly { readonly median: number; readonly target: number; readonly met: boolean }[];
    readonly sides: readonly object[];
  }[];
}

describe('npm run bench -- --quick', () => {
  it('brings every workload to its end and reports each figure beside its target, as text and as JSON', () => {
    const directory = mkdtempSync(join(tmpdir(), 'perdure-bench-test-'));
    try {
      const json = join(directory, 'bench.json');
      const script = join(root, 'dist/benchmarks/main.js');
      const args = [script, '--quick', '--json', json, '--data', directory];
      const text = execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
      const { workloads } = JSON.parse(readFileSync(json, 'utf8')) as Read;
      expect(workloads.map(({ name, error }) => ({ name, error }))).toEqual(
        WORKLOADS.map((name) => ({ name, error: null })),
      );
      for (const { name, figures, sides } of workloads) {
        expect(text).toContain(`\n${name}: `);
        expect(sides.length).toBeGreaterThan(0);
        expect(figures.length).toBeGreaterThan(0);
        for (const { median, target } of figures) expect([median, target].every(Number.isFinite)).toBe(true);
      }
      expect(text).toMatch(/\d+ figures met, \d+ missed; /);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }, 120_000);
});
