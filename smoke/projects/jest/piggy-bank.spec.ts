/** The harness and a host, inside the virtual machine that Jest runs tests in. */
import { testEntity } from 'perdure/testing';
import { memory, sqlite, startHost } from 'perdure/host';
import { PiggyBank } from './piggy-bank';

it('runs an entity in the test harness', async () => {
  const t = await testEntity(PiggyBank, 'Ann');
  await t.entity.put({ cents: 300 });
  await t.crash();
  await expect(t.entity.take({ cents: 1000 })).rejects.toMatchObject({ code: 'rejected' });
  expect(await t.entity.balance()).toEqual({ cents: 300, shaken: 0 });
});

it('runs an entity on a host', async () => {
  const host = await startHost({ entities: [PiggyBank], store: sqlite(process.env.DATA!), transport: memory() });
  const bank = host.client.entity(PiggyBank, 'Ann');
  expect(await bank.put({ cents: 300 })).toBe(300);
  await host.stop();
});
