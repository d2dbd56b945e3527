import { spawnSync } from 'node:child_process';
import path from 'node:path';

const child = path.resolve(__dirname, '../../dist/runtime/testing/floating.child.js');

describe('a rejection that nobody handles', () => {
  it('fails the calls that follow and the stop of the test, naming the method (S4)', () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [child], { encoding: 'utf8' });
    expect([stderr, status]).toEqual(['', 0]);
    const [called, settled, stopped] = stdout.trim().split('\n');
    expect(['called', 'floating']).toContain(called);
    expect(settled).toBe('floating');
    expect(stopped).toMatch(/careless\/c-1 call\(\): a rejection that nobody handles: nobody listens/);
  });
});
