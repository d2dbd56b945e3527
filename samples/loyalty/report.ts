/**
 * Report: what the accounts say, and whether that is what it must be.
 */

import type { PerdureClient } from 'perdure/client';
import type { Tier } from './account';
import { LoyaltyAccount } from './account';
import type { Imported, Sums } from './import';
import { Window } from './window';

export interface TierSums extends Sums {
  customers: number;
}

/** Sums of the accounts, by tier and over all. */
export interface Accounts {
  readonly tiers: Readonly<Record<Tier, TierSums>>;
  readonly total: TierSums;
}

/** Accounts asked at a time. */
const IN_FLIGHT = 512;

/** Asks every account for its balance. */
export async function readAccounts(client: PerdureClient): Promise<Accounts> {
  const tiers = { basic: noSums(), silver: noSums(), gold: noSums() };
  const window = new Window(IN_FLIGHT);
  for await (const { id } of client.list({ type: LoyaltyAccount })) {
    await window.begin(async () => {
      const { tier, ...sums } = await client.entity(LoyaltyAccount, id).balance();
      add(tiers[tier], { customers: 1, ...sums });
    });
  }
  await window.end();
  const total = noSums();
  for (const sums of Object.values(tiers)) add(total, sums);
  return { tiers, total };
}

/**
 * What is wrong, in words; nothing if all is right. Two things must hold whatever happened to earlier runs: the
 * accounts have grown by exactly what this run applied, and if no other file ever went into them, they add up to
 * exactly the good lines of this one. `resent`: a host may have died between applying a signal and saying so; the signal
 * was sent again then, and answered as a duplicate, so that only the second can be told.
 */
export function differences(
  before: TierSums,
  after: TierSums,
  { good, applied, duplicates }: Imported,
  resent = false,
): string[] {
  const onlyThisFile = resent ? before.purchases <= duplicates : before.purchases === duplicates;
  const found = (['purchases', 'units', 'cents'] as const).flatMap((figure) => {
    const grown = before[figure] + applied[figure];
    const faults: string[] = [];
    if (!resent && after[figure] !== grown) {
      const fact = `${before[figure]} before and ${applied[figure]} applied make ${grown}`;
      faults.push(`${figure}: the accounts say ${after[figure]}, but ${fact}`);
    }
    if (onlyThisFile && after[figure] !== good[figure])
      faults.push(`${figure}: the accounts say ${after[figure]}, but the file says ${good[figure]}`);
    if (!Number.isSafeInteger(after[figure])) faults.push(`${figure}: ${after[figure]} is too large to be exact`);
    return faults;
  });
  if (!resent && duplicates > before.purchases)
    found.push(`${duplicates} duplicates were reported, but the accounts had ${before.purchases} purchases before`);
  return found;
}

export function table({ tiers, total }: Accounts): string {
  const rows = [...Object.entries(tiers), ['total', total] as const].map(([tier, sums]) => [
    tier,
    ...[sums.customers, sums.purchases, sums.units].map((count) => count.toLocaleString('en-US')),
    dollars(sums.cents),
  ]);
  const all = [['tier', 'customers', 'purchases', 'units', 'amount'], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = ([first = '', ...rest]: readonly string[]): string =>
    [first.padEnd(widths[0]!), ...rest.map((cell, i) => cell.padStart(widths[i + 1]!))].join('  ');
  return all.map(line).join('\n');
}

/** The last line of standard output with `--json`. */
export function json({ total }: Accounts, { applied, duplicates, refused }: Imported): string {
  const { customers, purchases, units, cents } = total;
  return JSON.stringify({ customers, purchases, units, cents, applied: applied.purchases, duplicates, refused });
}

function dollars(cents: number): string {
  return `$${Math.floor(cents / 100).toLocaleString('en-US')}.${String(cents % 100).padStart(2, '0')}`;
}

function noSums(): TierSums {
  return { customers: 0, purchases: 0, units: 0, cents: 0 };
}

function add(to: TierSums, from: TierSums): void {
  to.customers += from.customers;
  to.purchases += from.purchases;
  to.units += from.units;
  to.cents += from.cents;
}
