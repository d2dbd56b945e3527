import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { TestEntity } from 'perdure/testing';
import { serve, testEntity } from 'perdure/testing';
import { ShoppingCart, mail } from './cart';
import { Mailer } from './mailer';

let mailer: Mailer;
let cart: TestEntity<ShoppingCart>;

beforeEach(async () => {
  mailer = new Mailer();
  cart = await testEntity(ShoppingCart, 'C-1', { activities: [serve(mail, mailer)] });
  await cart.entity.added({ name: 'lamp' });
});

afterEach(() => cart.stop());

describe('a shopping cart', () => {
  it('reminds its owner once, a day after the last item (S22)', async () => {
    await cart.advance('1 day');
    expect(mailer.letters).toEqual(['C-1: still waiting for you: lamp']);
    await cart.advance('365 days');
    expect(mailer.letters).toHaveLength(1);
  });

  it('does not remind at hour 24 when an item came at hour 23, but a day after that (S22)', async () => {
    await cart.advance('23 hours');
    await cart.entity.added({ name: 'bulb' });
    await cart.advance('23 hours');
    expect(mailer.letters).toEqual([]);
    await cart.advance('1 hour');
    expect(mailer.letters).toEqual(['C-1: still waiting for you: lamp, bulb']);
  });

  it('does not remind who has paid', async () => {
    await cart.entity.paid();
    await cart.advance('365 days');
    expect(mailer.letters).toEqual([]);
    expect(cart.state.items).toEqual([]);
  });

  it('keeps the reminder through a crash', async () => {
    await cart.crash();
    await cart.advance('1 day');
    expect(mailer.letters).toHaveLength(1);
  });

  it('is checked by the sample itself, which ends with 0', () => {
    const program = join(__dirname, '..', '..', 'dist', 'samples', 'cart', 'main.js');
    const out = execFileSync(process.execPath, [program], { encoding: 'utf8' });
    expect(out).toContain('left-alone: still waiting for you: lamp, bulb');
    expect(out).not.toContain('WRONG');
  });
});
