import { appendFileSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { RUNNING_FILE_BYTES } from '../../config';
import { keyOf } from '../store.fixture';
import { changeFile, newDirectory, removeDirectories } from './damage.fixture';
import { RUNNING_FILE } from './layout';
import { appendRunning, openRunningFile, readRunningFile } from './running-file';

afterAll(removeDirectories);

const step = (input: string) => ({ key: keyOf('a'), input, build: 'b1' });

/** Sessions that died of a step each. */
async function deaths(directory: string, inputs: readonly string[]): Promise<void> {
  for (const [i, input] of inputs.entries()) {
    const file = openRunningFile(directory, i + 1);
    await file.rows.write(2, step(input));
    file.close();
  }
}

const standing = (directory: string): string[] =>
  readRunningFile(directory)
    .table.standing(Infinity)
    .map(({ input }) => input);

describe('the file of running steps', () => {
  it('loses the line that is cut, at whatever byte, and no other, also for what is written later (S20)', async () => {
    const whole = newDirectory();
    await deaths(whole, ['timer 1']);
    const { size } = statSync(join(whole, RUNNING_FILE));
    for (let cut = 0; cut <= size; cut += 1) {
      const directory = newDirectory();
      await deaths(directory, ['timer 1']);
      truncateSync(join(directory, RUNNING_FILE), cut);
      appendRunning(directory, { epoch: 2, order: 2, running: step('timer 2') });
      const kept = cut >= size - 1 ? ['timer 1', 'timer 2'] : ['timer 2'];
      expect({ cut, standing: standing(directory) }).toEqual({ cut, standing: kept });
    }
  });

  it('never reads a changed line as another, whichever byte of it changed (S20)', async () => {
    const directory = newDirectory();
    await deaths(directory, ['timer 1', 'timer 2', 'timer 3']);
    const { length } = readFileSync(join(directory, RUNNING_FILE));
    for (let at = 0; at < length; at += 1) {
      const flip = (bytes: Buffer): void => void (bytes[at] = (bytes[at] ?? 0) ^ 0x01);
      changeFile(directory, RUNNING_FILE, flip);
      const found = standing(directory);
      expect(['timer 1', 'timer 2', 'timer 3']).toEqual(expect.arrayContaining(found));
      expect(found.length).toBeGreaterThanOrEqual(1);
      changeFile(directory, RUNNING_FILE, flip);
    }
    expect(standing(directory)).toEqual(['timer 1', 'timer 2', 'timer 3']);
  });

  it('is made anew at a start when it has grown long, with all that counts (S20)', async () => {
    const directory = newDirectory();
    await deaths(directory, ['timer 1', 'timer 2']);
    appendFileSync(join(directory, RUNNING_FILE), '\n'.repeat(RUNNING_FILE_BYTES));
    const file = openRunningFile(directory, 3);
    await file.rows.settle();
    file.close();
    expect(statSync(join(directory, RUNNING_FILE)).size).toBeLessThan(1_000);
    expect(openRunningFile(directory, 4).rows).toMatchObject({
      left: [step('timer 1'), step('timer 2')],
      stable: 3,
    });
  });
});
