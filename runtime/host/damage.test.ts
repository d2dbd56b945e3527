/** What a damaged record of one entity does to a host on the embedded store. */

import 'reflect-metadata';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Entity, Query, Update } from '../../framework';
import { sqlite, startHost } from '../node';
import type { RunningHost } from '../node';
import { silentLog } from '../ports/telemetry';

@Entity('page')
class Page {
  text = '';

  @Update() write(text: string): number {
    this.text = text;
    return text.length;
  }
  @Query() read(): string {
    return this.text;
  }
}

let directory = '';
let host: RunningHost;
const page = (id: string) => host.client.entity(Page, id);
const start = async (): Promise<void> => {
  host = await startHost({ entities: [Page], store: sqlite(directory), build: 'b1', log: silentLog });
};

beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'perdure-host-damage-'))));
afterEach(async () => {
  await host.stop();
  rmSync(directory, { recursive: true, force: true });
});

it('an entity with a damaged record is corrupt, listed so and answers nothing else; the others serve (C13)', async () => {
  await start();
  for (const [id, text] of [
    ['A', 'the needle in it'],
    ['B', 'hay'],
  ] as const)
    await page(id).write(text);
  await host.stop();
  const file = join(directory, 'history.db');
  const bytes = readFileSync(file);
  const at = bytes.indexOf('needle');
  expect(at).toBeGreaterThan(0);
  bytes.write('N', at);
  writeFileSync(file, bytes);
  await start();
  for (let i = 0; i < 2; i += 1)
    await expect(page('A').read()).rejects.toMatchObject({
      code: 'internal',
      reason: 'corrupt',
      message: expect.stringContaining('page/A'),
    });
  await expect(page('A').write('over it')).rejects.toMatchObject({ code: 'internal', reason: 'corrupt' });
  expect(await page('B').read()).toBe('hay');
  // The mark is written behind the answer.
  while ((await host.client.count({ type: Page, status: ['corrupt'] })) === 0);
  await host.stop();
  await start();
  expect(await page('B').write('more')).toBe(4);
  expect(await host.client.count({ type: Page, status: ['corrupt'] })).toBe(1);
});
