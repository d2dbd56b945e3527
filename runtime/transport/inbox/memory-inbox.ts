/**
 * Memory inbox: the Inbox port within one process; the model that other adapters are compared with.
 */

import type { EntityKey } from '../../../framework/model/identity';
import type { Address, DeadMessage, Inbox, Kept } from '../../ports/inbox';
import type { MessageRequest, WireError } from '../../wire/envelope';

interface Item extends Kept {
  readonly address: Address;
}

export class MemoryInbox implements Inbox {
  readonly sync = 'always';
  private readonly announced: Address[] = [];
  private readonly kept: Item[] = [];
  private readonly dead: DeadMessage[] = [];
  private seq = 0;

  constructor(private readonly now: () => number) {}

  async served(address: Address): Promise<boolean> {
    return this.announced.some((one) => isSame(one, address));
  }

  /** A host serves the type from now on, until the returned function is called. */
  announce(address: Address): () => void {
    const one = { ...address };
    this.announced.push(one);
    return () => void this.announced.splice(0, Infinity, ...this.announced.filter((other) => other !== one));
  }

  async put(message: MessageRequest): Promise<void> {
    this.kept.push({ seq: (this.seq += 1), address: message.key, message });
  }

  async holds({ namespace, type, id }: EntityKey): Promise<boolean> {
    return this.kept.some(({ address, message }) => isSame(address, { namespace, type }) && message?.key.id === id);
  }

  async next(address: Address, after: number): Promise<Kept | null> {
    const found = this.kept.find((one) => one.seq > after && isSame(one.address, address));
    return found === undefined ? null : { seq: found.seq, message: found.message };
  }

  async remove(seq: number): Promise<void> {
    take(this.kept, seq);
  }

  async bury({ namespace, type }: Address, { seq, message }: Kept, error: WireError): Promise<void> {
    if (take(this.kept, seq) === undefined) return;
    const address = { namespace, type };
    this.dead.push({ seq: (this.seq += 1), address, message, error, diedAt: this.now() });
  }

  async nextDead(address: { readonly namespace: string; readonly type?: string }, after: number) {
    const { namespace, type } = address;
    const isWanted = (one: Address): boolean => one.namespace === namespace && (type ?? one.type) === one.type;
    return this.dead.find((one) => one.seq > after && isWanted(one.address)) ?? null;
  }

  async discardDead(seq: number): Promise<void> {
    take(this.dead, seq);
  }
}

function take<T extends { readonly seq: number }>(items: T[], seq: number): T | undefined {
  const at = items.findIndex((one) => one.seq === seq);
  return at === -1 ? undefined : items.splice(at, 1)[0];
}

function isSame(one: Address, other: Address): boolean {
  return one.namespace === other.namespace && one.type === other.type;
}
