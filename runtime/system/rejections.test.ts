import { spawnSync } from 'node:child_process';
import path from 'node:path';

const child = path.resolve(__dirname, '../../dist/runtime/system/system.child.js');

function run(mode: string): { status: number | null; lines: string[]; error: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [child, mode], { encoding: 'utf8' });
  return { status, lines: stdout.trim().split('\n').filter(Boolean), error: stderr };
}

describe('rejections', () => {
  it('reports those of a step, with the step, and lets the process live (S4)', () => {
    const { status, lines, error } = run('floating');
    expect([error, status]).toEqual(['', 0]);
    expect(lines.slice(0, 3).sort()).toEqual([
      'floating redeem at once',
      'floating redeem derived',
      'floating redeem later',
    ]);
    expect(lines[3]).toBe('alive');
  });

  it("leaves every other one to Node's default, which ends the process", () => {
    const { status, lines, error } = run('stranger');
    expect([status, lines]).toEqual([1, []]);
    expect(error).toContain('of a stranger');
  });

  it("leaves every other one to the user's own handler", () => {
    expect(run('handled')).toEqual({ status: 0, lines: ['own handler: of a stranger', 'alive'], error: '' });
  });

  it('reports nothing once it is stopped', () => {
    const { status, lines, error } = run('stopped');
    expect([status, lines]).toEqual([1, []]);
    expect(error).toContain('nobody watches');
  });
});

describe("traps and ES modules' imports", () => {
  it('reach the named exports of node: modules', () => {
    expect(run('imports').lines).toEqual([
      'true false',
      'setTimeout() of node:timers/promises: use sleep(), or move it into an activity',
    ]);
  });
});
