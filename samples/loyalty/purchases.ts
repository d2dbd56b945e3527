/**
 * Purchases: the lines of a CSV file, each checked and named.
 *
 * Owns: what a good line is, exact money, and the message id of a line. Does not own: what a purchase does (`account`).
 *
 * The id of a line is what it says (date, units, cents; the customer is the account it is sent to) and its place among
 * the equal lines of the file: the second of two equal lines is a purchase of its own, and reading the file again, or
 * one that has grown, gives every line the id it had.
 */

import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import { parse as parseText } from 'csv-parse/sync';
import type { Purchase } from './account';

export interface GoodLine {
  readonly number: number;
  /** Bytes of the file up to the end of the line. */
  readonly bytes: number;
  readonly customer: string;
  readonly purchase: Purchase;
  readonly messageId: string;
}

export interface BadLine {
  readonly number: number;
  readonly bytes: number;
  readonly reason: string;
}

/** The file as a whole is not what is read here. */
export class NoPurchaseFile extends Error {}

export const COLUMNS = ['customer', 'date', 'quantity', 'amount'];

/** Longest line, in bytes: a file without line ends must not fill the memory. */
const MAX_LINE_BYTES = 65_536;
/** Largest quantity and amount have nine digits before the point: sums stay exact up to 90,000 lines of the largest. */
const UNITS = /^\d{1,9}$/;
const AMOUNT = /^(\d{1,9})(?:\.(\d{1,2}))?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly lines: number; readonly bytes: number };
}

/** Lines as they come; the header is checked, empty lines are passed over. Throws NoPurchaseFile. */
export async function* readPurchases(file: Readable): AsyncGenerator<GoodLine | BadLine, void, undefined> {
  const parser = parse({
    bom: true,
    info: true,
    quote: null,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_LINE_BYTES,
  });
  const equal = new Map<string, number>();
  let headed = false;
  // An error of either stream ends the loop below.
  const lines = pipeline(file, parser, () => undefined) as AsyncIterable<Parsed>;
  for await (const { record, info } of lines) {
    if (headed) yield toLine(record, info.lines, info.bytes, equal);
    else checkHeader(record);
    headed = true;
  }
  if (!headed) throw new NoPurchaseFile(`it is empty; its first line must be ${COLUMNS.join(',')}`);
}

function checkHeader(record: readonly string[]): void {
  const header = fieldsOf(record)?.map((name) => name.toLowerCase());
  if (header?.join() === COLUMNS.join()) return;
  const found = record.join().slice(0, 80);
  throw new NoPurchaseFile(`its first line must be ${COLUMNS.join()}, not ${JSON.stringify(found)}`);
}

function toLine(record: readonly string[], number: number, bytes: number, equal: Map<string, number>) {
  const fields = fieldsOf(record);
  const reason = fields === null ? 'its quotes do not match' : faultOf(fields);
  if (reason !== null) return { number, bytes, reason };
  const [customer, date, quantity, amount] = fields as [string, string, string, string];
  const purchase = { date, units: Number(quantity), cents: toCents(amount) };
  const said = `${date} ${purchase.units} ${purchase.cents}`;
  const place = (equal.get(`${customer},${said}`) ?? 0) + 1;
  equal.set(`${customer},${said}`, place);
  return { number, bytes, customer, purchase, messageId: `${said} #${place}` };
}

/** No field goes over a line end, so quotes concern one line only: one that is not closed spoils no other. */
function fieldsOf(record: readonly string[]): readonly string[] | null {
  if (!record.some((field) => field.includes('"'))) return record.map((field) => field.trim());
  try {
    return parseText(record.join(), { trim: true, relax_column_count: true })[0] ?? [];
  } catch {
    return null;
  }
}

function faultOf(fields: readonly string[]): string | null {
  if (fields.length !== COLUMNS.length) return `has ${fields.length} columns instead of ${COLUMNS.join()}`;
  const [customer, date, quantity, amount] = fields as [string, string, string, string];
  if (customer === '') return 'has no customer';
  if (customer.includes('\ufffd')) return 'its customer is not UTF-8 text';
  if (!isDate(date)) return `date ${JSON.stringify(date)} is no day written as YYYY-MM-DD`;
  if (!UNITS.test(quantity)) return `quantity ${JSON.stringify(quantity)} is no whole number from 0 to 999999999`;
  if (!AMOUNT.test(amount)) {
    return `amount ${JSON.stringify(amount)} is no number of dollars from 0.00 to 999999999.99 with at most two decimals`;
  }
  return null;
}

/** Exact: the text is never a fraction of a binary number. */
function toCents(amount: string): number {
  const [, dollars = '', cents = ''] = AMOUNT.exec(amount) ?? [];
  return Number(dollars) * 100 + Number(cents.padEnd(2, '0'));
}

function isDate(text: string): boolean {
  if (!DATE.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
