import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { testServices } from '../../services/for-tests';

const PROGRAM = join(__dirname, '..', '..', 'dist', 'samples', 'loyalty', 'main.js');
/** What the file of the sample adds up to. */
const TOTALS = { customers: 2_357, purchases: 7_138, units: 16_398, cents: 24_460_308, refused: 0 };
const run = promisify(execFile);

describe('the loyalty sample on a cluster', () => {
  const data = mkdtempSync(join(tmpdir(), 'perdure-loyalty-'));
  afterAll(() => rmSync(data, { recursive: true }));

  it('ends with the exact totals though one of three hosts is killed on the way, and again when it is run again', async () => {
    const { nats, cassandra } = await testServices();
    const [{ host, port } = { host: '', port: 0 }] = cassandra;
    const servers = ['--nats', nats, '--cassandra', `${host}:${port}`, '--keyspace', `loyalty_${process.pid}`];
    for (let time = 1; time <= 2; time += 1) {
      const { stdout, stderr } = await run(process.execPath, [
        PROGRAM,
        '--cluster',
        '--json',
        '--data',
        data,
        ...servers,
      ]);
      expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject(TOTALS);
      expect(stderr).toContain('One of the three hosts is killed');
    }
  }, 240_000);

  it('says which server it cannot reach, with exit code 3', async () => {
    const args = ['--cluster', '--data', data, '--nats', 'nats://127.0.0.1:1'];
    await expect(run(process.execPath, [PROGRAM, ...args])).rejects.toMatchObject({
      stderr: expect.stringContaining('NATS at nats://127.0.0.1:1 cannot be reached') as string,
    });
  });
});
