/**
 * Progress on standard error: a bar with rate and time left on a terminal, else a line now and then.
 */

import { clearLine, cursorTo } from 'node:readline';
import { Presets, SingleBar } from 'cli-progress';

/** Between two lines where there is no terminal. */
const LINE_EVERY_MS = 5_000;

export class Progress {
  readonly #bar: SingleBar | null;
  readonly #started = Date.now();
  #lineAt = Date.now() + LINE_EVERY_MS;
  #purchases = 0;

  /** `totalBytes` of the file, 0 where that is not known. */
  constructor(readonly totalBytes: number) {
    this.#bar = process.stderr.isTTY && totalBytes > 0 ? startBar(totalBytes) : null;
  }

  /** One more purchase is done, and the file is read up to `bytes`. */
  advance(bytes: number): void {
    this.#purchases += 1;
    if (this.#bar !== null) this.#bar.update(bytes, { purchases: format(this.#purchases), rate: format(this.#rate()) });
    else if (Date.now() >= this.#lineAt) this.#line(bytes);
  }

  /** A line of text that does not disturb the bar. */
  say(text: string): void {
    if (this.#bar !== null) {
      cursorTo(process.stderr, 0);
      clearLine(process.stderr, 0);
    }
    process.stderr.write(`${text}\n`);
  }

  end(): void {
    this.#bar?.stop();
  }

  #rate(): number {
    return Math.round((this.#purchases * 1_000) / Math.max(1, Date.now() - this.#started));
  }

  #line(bytes: number): void {
    this.#lineAt = Date.now() + LINE_EVERY_MS;
    const done = this.totalBytes === 0 ? null : bytes / this.totalBytes;
    const leftSeconds = done === null ? 0 : (((Date.now() - this.#started) / 1_000) * (1 - done)) / done;
    const left = done === null ? '' : `, ${Math.floor(done * 100)} %, ${Math.ceil(leftSeconds)} s left`;
    this.say(`${format(this.#purchases)} purchases, ${format(this.#rate())}/s${left}`);
  }
}

function startBar(total: number): SingleBar {
  const shape = '{bar} {percentage} % | {purchases} purchases | {rate}/s | {eta_formatted} left';
  const bar = new SingleBar({ format: shape, hideCursor: true, stopOnComplete: false }, Presets.shades_classic);
  bar.start(total, 0, { purchases: '0', rate: '0' });
  return bar;
}

function format(count: number): string {
  return count.toLocaleString('en-US');
}
