import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CrashLoop } from './crash-loop.fixture';
import { printedSeed } from './random.fixture';

describe('a host on the embedded store that is killed with SIGKILL', () => {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-crash-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('has after 10,000 kills everything that was acknowledged, once and in order, on whole chains (R6)', async () => {
    const loop = new CrashLoop(directory, printedSeed());
    await loop.run(10_000, 50);
    expect(loop.model.problems).toEqual([]);
    expect(loop.kills).toBe(10_000);
    expect(loop.acknowledged).toBeGreaterThan(100_000);
    expect(loop.resent).toBeGreaterThan(10_000);
  }, 14_400_000);
});
