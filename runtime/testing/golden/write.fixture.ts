/**
 * How the golden histories came to be: `GOLDEN=write npx jest runtime/testing/golden` writes those that are missing and
 * never overwrites one.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { serve, testEntity } from '..';
import type { TestEntity } from '..';
import { GoldenLife, GoldenValues, makeGoldenHeld, post } from './entities.fixture';
import type { Post } from './entities.fixture';

const fake: Post = {
  letter: async (to, text) => `${to}: ${text}`,
  charge: async (cents) => cents,
};

export function goldenFile(name: string): string {
  return join(__dirname, `${name}.json`);
}

export async function writeMissing(): Promise<void> {
  await write('values-1', values);
  await write('life-1', life);
  await write('held-1', held);
}

async function write(name: string, live: () => Promise<TestEntity<unknown>>): Promise<void> {
  if (existsSync(goldenFile(name))) return;
  const t = await live();
  await t.exportHistory(goldenFile(name));
  await t.stop();
}

async function values(): Promise<TestEntity<unknown>> {
  const t = await testEntity(GoldenValues, 'G-1', { limits: { snapshotTurns: 5 } });
  for (let n = 1; n <= 9; n += 1) {
    await t.client
      .call(t.entity, { messageId: `add-${n}` })
      .add({ sku: n === 4 ? 'boom' : `sku-${n % 3}`, quantity: n });
    await t.advance('1 minute');
  }
  await t.entity.remove('sku-1');
  await t.entity.remove('boom').catch(() => undefined);
  await t.entity.remove('none').catch(() => undefined);
  await t.entity.add({ sku: 'zebra', quantity: 1 });
  return t;
}

async function life(): Promise<TestEntity<unknown>> {
  const t = await testEntity(GoldenLife, 'G-2', { activities: [serve(post, fake)] });
  await t.entity.waitOpen();
  await t.entity.order('sku-1');
  const approved = t.entity.approve();
  await t.client.completePromise(t.entity, 'approval', 'Ada');
  await approved;
  await t.entity.unlock();
  await t.advance('25 hours');
  await t.entity.unlock();
  await t.entity.quiet();
  await t.entity.waitOpen();
  await t.advance('20 days');
  return t;
}

async function held(): Promise<TestEntity<unknown>> {
  const t = await testEntity(makeGoldenHeld(false), 'G-3', { activities: [serve(post, fake)] });
  await t.entity.start();
  await t.advance('100 days');
  const repaired = await t.deploy(makeGoldenHeld(true));
  await repaired.advance('100 days');
  return repaired;
}
