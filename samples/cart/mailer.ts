/** A mail service that posts nothing: it keeps its letters, one per idempotency key. */

import { activityInfo } from 'perdure/activity';

export class Mailer {
  readonly #letters = new Map<string, string>();

  async abandoned(cart: string, items: readonly string[]): Promise<void> {
    this.#letters.set(activityInfo().idempotencyKey, `${cart}: still waiting for you: ${items.join(', ')}`);
  }

  get letters(): readonly string[] {
    return [...this.#letters.values()];
  }
}
