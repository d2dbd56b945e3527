/**
 * A mail service that posts nothing: it writes each letter as a line into a file.
 *
 * Activities run at least once. Like any service worth calling it takes an idempotency key, and a key it has seen adds
 * nothing, in this process or after a restart.
 */

import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { activityInfo } from 'perdure/activity';

interface Letter {
  readonly key: string;
  readonly letter: 'promotion' | 'statement';
  readonly customer: string;
  readonly text: string;
}

/** What a statement lists. */
interface Totals {
  readonly purchases: number;
  readonly units: number;
  readonly cents: number;
}

export class Mailer {
  readonly #posted = new Set<string>();
  #file: number | null = null;

  constructor(readonly path: string) {}

  async promotion(customer: string, tier: string): Promise<void> {
    this.#post('promotion', customer, `Welcome to ${tier}.`);
  }

  async statement(customer: string, { purchases, units, cents }: Totals): Promise<void> {
    this.#post('statement', customer, `${purchases} purchases of ${units} units, ${cents} cents in all.`);
  }

  /** Letters posted so far, those of earlier runs included. */
  get posted(): number {
    this.#open();
    return this.#posted.size;
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #post(letter: Letter['letter'], customer: string, text: string): void {
    const key = activityInfo().idempotencyKey;
    const file = this.#open();
    if (this.#posted.has(key)) return;
    writeSync(file, `${JSON.stringify({ key, letter, customer, text } satisfies Letter)}\n`);
    this.#posted.add(key);
  }

  #open(): number {
    if (this.#file !== null) return this.#file;
    if (existsSync(this.path)) {
      for (const line of readFileSync(this.path, 'utf8').split('\n')) {
        if (line !== '') this.#posted.add((JSON.parse(line) as Letter).key);
      }
    }
    this.#file = openSync(this.path, 'a');
    return this.#file;
  }
}
