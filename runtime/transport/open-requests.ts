/**
 * Open requests: which requests a host is working on for which client, and the client waits for. Pure.
 */

export class OpenRequests {
  readonly #numbers = new Map<string, Set<number>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(client: string, n: number): void {
    const known = this.#numbers.get(client) ?? new Set();
    if (known.has(n)) return;
    this.#numbers.set(client, known.add(n));
    this.#size += 1;
  }

  /** Ignores one that is not here. */
  remove(client: string, n: number): void {
    const known = this.#numbers.get(client);
    if (known?.delete(n) !== true) return;
    this.#size -= 1;
    if (known.size === 0) this.#numbers.delete(client);
  }

  /** All of a client that is gone. */
  removeAll(client: string): void {
    this.#size -= this.#numbers.get(client)?.size ?? 0;
    this.#numbers.delete(client);
  }

  forEach(tell: (client: string, n: number) => void): void {
    for (const [client, numbers] of this.#numbers) for (const n of numbers) tell(client, n);
  }
}
