import 'reflect-metadata';
import { Entity, Signal, Update, activities, sleep } from '../../framework';
import { activityInfo } from '../../framework/activity';
import { serve, testEntity } from '.';

interface Slow {
  forever(): Promise<void>;
}
const slow = activities<Slow>('slow', { startToClose: '30 days' });

@Entity('skipping')
class Skipping {
  done = 0;

  @Signal() open(): void {
    this.done = 0;
  }

  @Update() async work(): Promise<void> {
    await Promise.race([slow.forever(), sleep('1 minute')]);
    throw new TypeError('a bug behind the race');
  }
}

it('skip ends the invocation and tells its running activities to stop, which stay gone after a crash (S19)', async () => {
  const aborted: unknown[] = [];
  let starts = 0;
  const forever = (): Promise<void> =>
    new Promise((_, reject) => {
      starts += 1;
      const { signal } = activityInfo();
      signal.addEventListener('abort', () => {
        aborted.push(signal.reason);
        reject(signal.reason as Error);
      });
    });
  const t = await testEntity(Skipping, 'S-1', { activities: [serve(slow, { forever })], crash: false });
  await t.entity.open();
  const operation = await t.client.submit(t.entity).work();
  await t.advance('2 minutes');
  expect(t.held?.failure.message).toBe('a bug behind the race');
  expect(t.description.activities).toHaveLength(1);
  await t.client.skip(t.entity, 'not needed');
  await t.settle();
  await expect(operation.result()).rejects.toMatchObject({ code: 'failed', reason: 'skipped' });
  expect(aborted).toHaveLength(1);
  expect(t.description.activities).toEqual([]);
  await t.crash();
  await t.advance('1 hour');
  expect(starts).toBe(1);
  expect(t.scheduled).toEqual([]);
  await t.stop();
});
