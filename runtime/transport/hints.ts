/**
 * Hints: where a client believes each shard to be (C14). Pure.
 *
 * Owns: the table shard → (session, epoch), which of it is in doubt, and a host for requests without a key.
 * Does not own: asking, sending, when a host is taken for silent (`routed-transport`).
 *
 * Invariants:
 * 1. A hint is replaced only by one of a greater epoch, whoever tells it and however late.
 * 2. What is in doubt is not used before the hosts have been asked again; then the best that is known is used, for the
 *    owner may be the same as before.
 */

import { isPlanted } from '../../framework/planted-bugs';
import type { Request } from '../wire/envelope';
import type { Owner, RoutesFrame } from '../wire/frame';
import { shardOf } from '../wire/shard-map';

export class Hints {
  #shards = 0;
  readonly #owners = new Map<number, Owner>();
  readonly #doubted = new Set<number>();
  /** The host that answered last of all: it lives, so it can be asked what needs no owner. */
  #anybody: Owner | null = null;

  /** Where to send the request, in doubt or not; null if nothing is known. */
  best(request: Request): Owner | null {
    if (!('key' in request)) return this.#anybody;
    return this.#shards === 0 ? null : (this.#owners.get(shardOf(request.key, this.#shards)) ?? null);
  }

  /** Where to send the request; null if the hosts are to be asked first. */
  sure(request: Request): Owner | null {
    const doubted = 'key' in request && this.#doubted.has(shardOf(request.key, this.#shards));
    return doubted && !isPlanted('hint-outlives-host') ? null : this.best(request);
  }

  /** The hosts have been asked; what was in doubt is not any more once the last part of the answer is here. */
  answered({ session, shards, owners, hosts, more = false }: RoutesFrame): void {
    this.#shards = shards;
    this.#anybody = { session, epoch: 0 };
    if (!more) this.#doubted.clear();
    for (const [shard, host, epoch] of owners) this.#learn(shard, { session: hosts[host] as string, epoch });
  }

  /**
   * A host that was asked under the hint of `epoch` has not taken the request, and named `owner`, as far as it knows. Gives
   * the greater epoch's owner to send it to at once; null: back off, and ask the hosts before the next.
   */
  declined(request: Request, epoch: number, owner: Owner | null): Owner | null {
    if (!('key' in request) || this.#shards === 0) return null;
    const shard = shardOf(request.key, this.#shards);
    if (owner !== null) this.#learn(shard, owner);
    const best = this.sure(request);
    if (best !== null && best.epoch > epoch) return best;
    this.#doubted.add(shard);
    return null;
  }

  /** Nobody listens at the host, or it is silent: all that it owned is in doubt. */
  doubt(session: string): void {
    for (const [shard, owner] of this.#owners) if (owner.session === session) this.#doubted.add(shard);
    if (this.#anybody?.session === session) this.#anybody = null;
  }

  #learn(shard: number, owner: Owner): void {
    if (owner.epoch <= (this.#owners.get(shard)?.epoch ?? 0)) return;
    this.#owners.set(shard, owner);
    this.#doubted.delete(shard);
  }
}
