import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runFleet, seedsFrom, TERMS } from './fleet';

/** Reports each seed at once, but for seed 2, which never ends, and seed 4, at which it dies. */
const PROGRAM = `
process.on('message', ({ seed }) => {
  if (seed === 2) for (;;);
  if (seed === 4) process.exit(9);
  process.send({ seed, scenario: '', fault: null, operations: 10, simulatedMs: 1, counts: [], hash: '', runs: 1, choices: null });
});
process.on('disconnect', () => process.exit());
`;

describe('a fleet', () => {
  const programs = mkdtempSync(join(tmpdir(), 'perdure-fleet-'));
  beforeAll(() => writeFileSync(join(programs, 'seed-process.js'), PROGRAM));
  afterAll(() => rmSync(programs, { recursive: true }));

  /** The limit of the seed after `last` is over as soon as it has begun. */
  const fleet = (first: number, count: number, last?: number) => {
    let over = (): void => undefined;
    const after = (_: number, fire: () => void) => {
      over = fire;
      return () => undefined;
    };
    return runFleet({
      seeds: seedsFrom(first, count),
      terms: TERMS,
      jobs: 1,
      limitMs: Infinity,
      seedLimitMs: 300,
      clock: { monotonicMs: () => 0, after },
      shrunk: 0,
      told: ({ seed }) => void (seed === last && setImmediate(() => over())),
      programs,
    });
  };

  it('gives up a seed that does not end, and goes on with the next', async () => {
    const { failed, operations, runs } = await fleet(1, 3, 1);
    expect(failed.map(({ seed, fault }) => ({ seed, fault }))).toEqual([
      { seed: 2, fault: 'it has not ended within 0.3 s; --seed 2 --trace shows how far it comes' },
    ]);
    expect([operations, runs]).toEqual([20, 3]);
  });

  it('ends with the seed whose process died', async () => {
    await expect(fleet(3, 3)).rejects.toThrow('the process that ran seed 4 ended with code 9');
  });
});
