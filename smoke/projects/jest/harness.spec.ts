/** An entity in the test harness, inside the virtual machine that Jest runs tests in. */
import { testEntity } from 'perdure/testing';
import { PiggyBank } from './piggy-bank';

it('runs an entity in the test harness', async () => {
  const t = await testEntity(PiggyBank, 'Ann');
  await t.entity.put({ cents: 300 });
  await t.crash();
  await expect(t.entity.take({ cents: 1000 })).rejects.toMatchObject({ code: 'rejected' });
  expect(await t.entity.balance()).toEqual({ cents: 300, shaken: 0 });
});
