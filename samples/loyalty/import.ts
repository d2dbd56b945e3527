/**
 * Import: each good line becomes one signal to its customer's account.
 *
 * Owns: how many signals are under way, what replies say. Does not own: lines (`purchases`).
 *
 * Signals are sent in the order of the file and reach the accounts in that order. A signal that was applied before, by
 * this run or another, is answered as a duplicate and applied no second time.
 */

import type { PerdureClient } from 'perdure/client';
import { isPerdureError } from 'perdure/client';
import { LoyaltyAccount } from './account';
import type { BadLine, GoodLine } from './purchases';
import { Window } from './window';

/** Signals under way at a time. */
const IN_FLIGHT = 512;

export interface Sums {
  purchases: number;
  units: number;
  cents: number;
}

export interface Imported {
  /** Good lines of the file. */
  readonly good: Sums;
  /** Of these, those that this run applied; the others are duplicates. */
  readonly applied: Sums;
  duplicates: number;
  refused: number;
}

export interface Reports {
  readonly refused: (line: BadLine) => void;
  readonly done: (line: GoodLine) => void;
  /** True once the rest of the file is to be left alone. */
  readonly interrupted: () => boolean;
}

/** Ends when every signal sent is durable. Throws what a signal failed with, unless its arguments were refused. */
export async function importPurchases(
  client: PerdureClient,
  lines: AsyncIterable<GoodLine | BadLine>,
  reports: Reports,
): Promise<Imported> {
  const counts: Imported = { good: noSums(), applied: noSums(), duplicates: 0, refused: 0 };
  const refuse = (line: BadLine): void => {
    counts.refused += 1;
    reports.refused(line);
  };
  const window = new Window(IN_FLIGHT);
  for await (const line of lines) {
    if (reports.interrupted()) break;
    if ('reason' in line) refuse(line);
    else await window.begin(() => deliver(client, line, counts, reports.done, refuse));
  }
  await window.end();
  return counts;
}

async function deliver(
  client: PerdureClient,
  line: GoodLine,
  counts: Imported,
  done: Reports['done'],
  refuse: Reports['refused'],
): Promise<void> {
  const { customer, messageId, purchase } = line;
  let duplicate = false;
  try {
    const account = client.entity(LoyaltyAccount, customer);
    const onReply = (reply: { readonly duplicate: boolean }): void => void (duplicate = reply.duplicate);
    await client.call(account, { messageId, onReply }).purchased(purchase);
  } catch (error) {
    if (!isPerdureError(error) || (error.code !== 'invalid_argument' && error.code !== 'rejected')) throw error;
    return refuse({ ...line, reason: error.message });
  }
  add(counts.good, purchase);
  if (duplicate) counts.duplicates += 1;
  else add(counts.applied, purchase);
  done(line);
}

function noSums(): Sums {
  return { purchases: 0, units: 0, cents: 0 };
}

function add(sums: Sums, { units, cents }: GoodLine['purchase']): void {
  sums.purchases += 1;
  sums.units += units;
  sums.cents += cents;
}
