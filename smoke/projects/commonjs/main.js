// The same by require(): the entity is compiled by tsc to CommonJS, this file is plain JavaScript.
const { memory, sqlite, startHost } = require('perdure/host');
const { PiggyBank } = require('./dist/piggy-bank.js');

async function withHost(use) {
  const host = await startHost({ entities: [PiggyBank], store: sqlite(process.argv[2]), transport: memory() });
  try {
    return await use(host.client.entity(PiggyBank, 'Ann'));
  } finally {
    await host.stop();
  }
}

async function main() {
  const refusal = await withHost(async (bank) => {
    await bank.put({ cents: 300 });
    await bank.shake();
    await bank.take({ cents: 50 });
    return bank.take({ cents: 1000 }).then(
      () => 'none',
      (error) => error.code,
    );
  });
  const balance = await withHost((bank) => bank.balance());
  console.log(JSON.stringify({ refusal, balance }));
}

main();
