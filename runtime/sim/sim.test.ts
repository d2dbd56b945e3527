import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { plantBug } from '../../framework/planted-bugs';
import { FAULTS, notReached } from './runs/reached';
import { reportOf } from './runs/seed-process';
import { TERMS } from './runs/fleet';

const PROGRAM = join(__dirname, '../../dist/runtime/sim/sim.js');

function sim(...args: string[]): { readonly status: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    encoding: 'utf8',
    maxBuffer: 268_435_456,
  });
  return { status, out: stdout, err: stderr };
}

describe('npm run sim', () => {
  it('prints the first seed before anything else, and the sums at the end', () => {
    const { status, out } = sim('--seeds', '2', '--seed', '41', '--jobs', '1');
    expect(status).toBe(0);
    expect(out.split('\n')[0]).toBe('first seed 41');
    expect(out).toMatch(/ host\.takeover\n/);
    expect(out).toMatch(/warning: .* was never reached/);
    expect(out).toMatch(
      /2 seeds \(3 runs\), \d+ operations, [\d.]+ simulated years, [\d.]+ s, [\d.]+ seeds\/s\nevery seed held\n$/,
    );
  });

  it('prints what happens in one seed, with a hash that is the same each time', () => {
    const [first, second] = [sim('--seed', '7', '--trace'), sim('--seed', '7', '--trace')];
    expect(first.status).toBe(0);
    expect(first.out).toMatch(/ machine\.boot/);
    expect(second.out).toBe(first.out);
  });

  it.each([
    [['--seeds', 'many'], /--seeds is a whole number from 1 to/],
    [['--seed', '-1'], /--seed/],
    [['--minutes', '0'], /--minutes is a number above 0, not '0'/],
    [['--profile', 'sunny'], /--profile is one of calm, lossy.*, not 'sunny'/],
    [['--workload', 'sleep'], /--workload is one of .*list-append.*, not 'sleep'/],
    [['--trace', '--seeds', '3'], /--trace shows one seed/],
    [['--fast'], /'--fast'/],
    [['7'], /'7'/],
  ])('refuses %j with exit code 2 and the usage', (args, complaint) => {
    const { status, err, out } = sim(...args);
    expect(status).toBe(2);
    expect(err).toMatch(complaint);
    expect(err).toMatch(/Usage: npm run sim/);
    expect(out).toBe('');
  });
});

describe('a process of the fleet', () => {
  afterEach(() => plantBug(null));

  it('reports a failing seed with fewer choices than it made, which still make it fail', async () => {
    const terms = { ...TERMS, profile: 'suspicion', bug: 'skip-fence-read' } as const;
    const report = (seed: number, shrinkRuns: number) => reportOf({ seed, terms, twice: false, shrinkRuns });
    let whole = await report(1, 0);
    for (let seed = 2; seed <= 40 && whole.fault === null; seed += 1) whole = await report(seed, 0);
    expect(whole.fault).not.toBeNull();
    const shrunk = await report(whole.seed, 30);
    expect(shrunk.choices?.length).toBeLessThan(whole.choices?.length ?? 0);
  }, 120_000);
});

describe('what was reached', () => {
  it('names every fault that was not, or too seldom', () => {
    expect(notReached(new Map(), 1)).toContain(FAULTS[0]);
    expect(notReached(new Map([[FAULTS[0], 99]]), 100)).toContain(FAULTS[0]);
    expect(notReached(new Map([[FAULTS[0], 100]]), 100)).not.toContain(FAULTS[0]);
  });
});
