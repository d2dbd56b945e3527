/**
 * `npm run sample -- cart`: two carts on a virtual clock; who is left alone for a day is reminded, once.
 *
 * Exit codes: 0 the letters are what they must be; 1 they are not; 2 bad usage.
 */

import { serve, testHost } from 'perdure/testing';
import { ShoppingCart, mail } from './cart';
import { Mailer } from './mailer';

async function main(): Promise<boolean> {
  const mailer = new Mailer();
  const host = await testHost({ entities: [ShoppingCart], activities: [serve(mail, mailer)], now: '2026-01-01' });
  const left = host.entity(ShoppingCart, 'left-alone');
  const paid = host.entity(ShoppingCart, 'paid');
  let right = true;
  const expect = (letters: number, when: string): void => {
    const fits = mailer.letters.length === letters;
    right &&= fits;
    const fact = `${host.now.toISOString()}  ${when}: ${mailer.letters.length} letters`;
    console.log(fits ? fact : `WRONG: ${fact}, not ${letters}`);
  };

  await left.added({ name: 'lamp' });
  await paid.added({ name: 'chair' });
  await host.advance('23 hours');
  await left.added({ name: 'bulb' });
  expect(0, 'an item came at hour 23');
  await paid.paid();
  await host.advance('1 hour');
  expect(0, 'a day after the first item');
  await host.crash();
  await host.advance('22 hours');
  expect(0, 'nearly a day after the last item, and the host has crashed');
  await host.advance('1 hour');
  expect(1, 'a day after the last item');
  await host.advance('365 days');
  expect(1, 'a year later');
  for (const letter of mailer.letters) console.log(letter);
  await host.stop();
  return right;
}

if (process.argv.length > 2) {
  console.error('Usage: npm run sample -- cart');
  process.exitCode = 2;
} else {
  main().then(
    (right) => (process.exitCode = right ? 0 : 1),
    (error: unknown) => {
      console.error(error instanceof Error ? `cart: ${error.message}` : error);
      process.exitCode = 1;
    },
  );
}
