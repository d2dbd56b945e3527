/** Child: an entity whose handler leaves a rejection to nobody, outside of Jest, which has a handler of its own (S4). */

import 'reflect-metadata';
import { Entity, Signal } from '../../framework';
import { testEntity } from '.';

@Entity('careless')
class Careless {
  calls = 0;

  @Signal() call(): void {
    this.calls += 1;
    void Promise.reject(new Error('nobody listens'));
  }
}

const reasonOf = (error: unknown): string => (error as { reason?: string }).reason ?? String(error);

async function main(): Promise<void> {
  const t = await testEntity(Careless, 'c-1');
  const called = await t.entity.call().then(() => 'called', reasonOf);
  const settled = await t.settle().then(() => 'settled', reasonOf);
  const stopped = await t.stop().then(() => 'stopped', String);
  console.log([called, settled, stopped].join('\n'));
}

void main();
