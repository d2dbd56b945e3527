/**
 * Sending: one request on its way, from a caller to the end of the caller's wait.
 *
 * Owns: the state of one wait, and that it ends once. Does not own: where it is sent, or when it is given up.
 */

import type { Wanted } from '../ports/transport';
import type { Reply, Request } from '../wire/envelope';
import { aborted } from './refusals';

export class Sending {
  /** Of the frame's request; another with each host that it is sent to. */
  n = 0;
  /** Where it was sent, under which hint, and when silence is taken for an answer. */
  session = '';
  epoch = 0;
  dueMs = 0;
  #ended = false;

  constructor(
    readonly request: Request,
    readonly bytes: number,
    private readonly signal: AbortSignal | null,
    private readonly wanted: Wanted | undefined,
    private readonly fulfil: (reply: Reply) => void,
    private readonly refuse: (error: Error) => void,
  ) {
    signal?.addEventListener('abort', this, { once: true });
  }

  /** True once nobody waits for it: it need not be sent, and its answer is of no interest. */
  get ended(): boolean {
    return this.#ended || this.wanted?.ended === true;
  }

  /** An AbortSignal's listener. */
  handleEvent(): void {
    if (this.signal !== null) this.reject(aborted(this.signal));
  }

  resolve(reply: Reply): void {
    this.#end();
    this.fulfil(reply);
  }

  reject(error: Error): void {
    this.#end();
    this.refuse(error);
  }

  #end(): void {
    this.#ended = true;
    this.signal?.removeEventListener('abort', this);
  }
}
