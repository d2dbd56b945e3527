import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CrashLoop } from './crash-loop.fixture';
import { printedSeed } from './random.fixture';

describe('a host on the embedded store that is killed with SIGKILL', () => {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-crash-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('has after 200 kills everything that was acknowledged, once and in order, on whole chains (R6)', async () => {
    const loop = new CrashLoop(directory, printedSeed());
    await loop.run(200, 20);
    expect(loop.model.problems).toEqual([]);
    expect(loop.kills).toBe(200);
    expect(loop.acknowledged).toBeGreaterThan(1_000);
    expect(loop.resent).toBeGreaterThan(100);
  }, 300_000);
});
