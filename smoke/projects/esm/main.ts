/** Runs an entity from an ES module, stops the host, starts another on the same directory, and prints what is there. */
import { memory, sqlite, startHost } from 'perdure/host';
import { PiggyBank } from './piggy-bank.js';

const directory = process.argv[2] ?? 'data';

async function withHost<T>(use: (bank: Awaited<ReturnType<typeof open>>['bank']) => Promise<T>): Promise<T> {
  const { host, bank } = await open();
  try {
    return await use(bank);
  } finally {
    await host.stop();
  }
}

async function open() {
  const host = await startHost({ entities: [PiggyBank], store: sqlite(directory), transport: memory() });
  return { host, bank: host.client.entity(PiggyBank, 'Ann') };
}

const refusal = await withHost(async (bank) => {
  await bank.put({ cents: 300 });
  await bank.shake();
  await bank.take({ cents: 50 });
  return bank.take({ cents: 1_000 }).then(
    () => 'none',
    (error: { code?: string }) => error.code,
  );
});
const balance = await withHost((bank) => bank.balance());
console.log(JSON.stringify({ refusal, balance }));
