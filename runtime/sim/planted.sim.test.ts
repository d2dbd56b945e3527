import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { PlantedBug } from '../../framework/planted-bugs';
import { PLANTED_BUGS, plantBug } from '../../framework/planted-bugs';
import { plantedRun } from './runs/planted-runs';
import { drawScenario } from './runs/scenario';
import { runSeed } from './runs/seed-run';

/** Of those that nearly every seed catches. All are sought by `npm run sim:planted`. */
const SOUGHT: readonly PlantedBug[] = [
  'coalescing-drops-the-last',
  'done-before-answered',
  'id-renewed-on-resend',
  'late-reply-for-another',
  'skip-tail-rewrite',
  'tail-in-one-bucket',
];
const SEEDS = 20;
const PROGRAM = join(__dirname, '../../dist/runtime/sim/planted.js');

describe('planted bugs', () => {
  afterEach(() => plantBug(null));

  it.each(SOUGHT)('%s is caught by a seed that holds without it', async (bug) => {
    let caught: number | null = null;
    for (let seed = 1; seed <= SEEDS && caught === null; seed += 1) {
      plantBug(bug);
      const { fault } = await runSeed(drawScenario(seed, plantedRun(bug)));
      if (fault !== null) caught = seed;
    }
    plantBug(null);
    expect(caught).not.toBeNull();
    expect((await runSeed(drawScenario(caught ?? 0, plantedRun(bug)))).fault).toBeNull();
  });

  it('are at least 40, in the order of the alphabet', () => {
    const names = Object.keys(PLANTED_BUGS);
    expect(names.length).toBeGreaterThanOrEqual(40);
    expect(names).toEqual([...names].sort());
  });
});

describe('npm run sim:planted', () => {
  const planted = (...args: string[]) => spawnSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8' });

  it('prints the first seed, and for a bug when, how often, under what and by what it was caught', () => {
    const { status, stdout } = planted('--bug', 'id-renewed-on-resend', '--jobs', '1');
    expect(stdout).toMatch(
      /^first seed 1\nid-renewed-on-resend: .*\n {4}first \d+, \d+ of \d+, \d+ s; under lossy; list-append\n/,
    );
    expect(stdout).toMatch(/ {4}list-append: .*\n1 of 1 caught, the median one by seed \d+\n$/);
    expect(status).toBe(0);
  });

  it('refuses an unknown bug with exit code 2', () => {
    const { status, stderr } = planted('--bug', 'sunshine');
    expect(status).toBe(2);
    expect(stderr).toMatch(/--bug is one of .*, not 'sunshine'/);
  });
});
