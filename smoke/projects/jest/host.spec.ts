/** An entity on a host with the embedded store, inside the virtual machine that Jest runs tests in. */
import { memory, sqlite, startHost } from 'perdure/host';
import { PiggyBank } from './piggy-bank';

it('runs an entity on a host', async () => {
  const host = await startHost({ entities: [PiggyBank], store: sqlite(process.env.DATA!), transport: memory() });
  const bank = host.client.entity(PiggyBank, 'Ann');
  expect(await bank.put({ cents: 300 })).toBe(300);
  await expect(bank.take({ cents: 1000 })).rejects.toMatchObject({ code: 'rejected' });
  await host.stop();
});
