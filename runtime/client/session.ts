/**
 * Session: the identities this client gives to its messages (S11).
 *
 * Owns: the session's name, the count n, and which n are not answered yet.
 * Does not own: what counts as an answer; ids that callers give themselves.
 *
 * Invariants: n counts up from 1 and is never reused; `doneBelow` is the lowest n not answered, and is found without a
 * search, because open messages form a list in the order of n.
 */

import type { MessageId } from '../../framework/model/identity';
import { isPlanted } from '../../framework/planted-bugs';
import type { Entropy } from '../ports/entropy';

const SESSION_BYTES = 16;

/** A message of the session; the links belong to `Session`. */
export interface Numbered {
  /** 0 when the message has no number of the session, or not any more. */
  n: number;
  lower: Numbered | null;
  higher: Numbered | null;
}

export class Session {
  /** 16 random bytes as 22 characters of base64url. */
  readonly name: string;
  #last = 0;
  #lowest: Numbered | null = null;
  #highest: Numbered | null = null;

  constructor(entropy: Entropy) {
    this.name = Buffer.from(entropy.bytes(SESSION_BYTES)).toString('base64url');
  }

  /** Every n below this one has been answered, or nobody waits for its answer any more. */
  get doneBelow(): number {
    const open = isPlanted('done-before-answered') ? this.#highest : this.#lowest;
    return open === null ? this.#last + 1 : open.n;
  }

  /** Gives `message` the next n and keeps it open. */
  begin(message: Numbered): MessageId {
    message.n = this.#last += 1;
    message.lower = this.#highest;
    if (this.#highest === null) this.#lowest = message;
    else this.#highest.higher = message;
    this.#highest = message;
    return { session: this.name, n: message.n, doneBelow: this.doneBelow };
  }

  /** Closes `message`; ignores one that is not open. */
  end(message: Numbered): void {
    if (message.n === 0) return;
    if (message.lower === null) this.#lowest = message.higher;
    else message.lower.higher = message.higher;
    if (message.higher === null) this.#highest = message.lower;
    else message.higher.lower = message.lower;
    message.n = 0;
    message.lower = message.higher = null;
  }
}
