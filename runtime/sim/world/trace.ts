/**
 * Trace: what happened in a run, as one number to compare and, if somebody listens, as lines to read.
 *
 * Owns: the hash over labels, times and details. Two runs of one seed have equal hashes or something is not
 * deterministic. Does not own: which facts are told.
 */

import { hashName } from './random';

/** What a kind of event is called; made once, at import. */
export interface Label {
  readonly text: string;
  readonly hash: number;
}

export type TraceListener = (timeMs: number, text: string, detail: number) => void;

export function label(text: string): Label {
  return { text, hash: hashName(text) };
}

export class Trace {
  #low = 0x811c9dc5;
  #high = 0x9e3779b9;
  #facts = 0;
  readonly #time = new Float64Array(1);
  readonly #timeWords = new Uint32Array(this.#time.buffer);

  constructor(private readonly listener: TraceListener | null) {}

  /** Facts told so far. */
  get facts(): number {
    return this.#facts;
  }

  tell(timeMs: number, what: Label, detail: number): void {
    this.#facts += 1;
    this.#time[0] = timeMs;
    const low = (this.#timeWords[0] as number) ^ what.hash;
    const high = (this.#timeWords[1] as number) ^ Math.imul(detail | 0, 0x85ebca6b);
    this.#low = Math.imul(this.#low ^ low, 0x01000193) ^ (high >>> 7);
    this.#high = Math.imul(this.#high ^ high, 0xc2b2ae35) ^ (this.#low >>> 15);
    if (this.listener !== null) this.listener(timeMs, what.text, detail);
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    return [this.#low, this.#high].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
