/**
 * Durable promise: what a handler may wait for (architecture §3, S3).
 *
 * Owns: promises that a recorded input settles, and the combinators over them, which know who still listens. A promise
 * is *live* while something that awaits it can still go on: the loser of a settled race is not.
 * Does not own: when one is settled (`step`), what it was made for (`wait`).
 *
 * Invariants: born handled, so that a rejection nobody awaits yet kills nothing (S4); `then` results are plain promises.
 */

interface Group {
  settled: boolean;
  readonly result: TrackedPromise<unknown>;
}

/** A promise that knows whether anybody who can still proceed listens to it. */
export class TrackedPromise<T> extends Promise<T> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  private awaited = false;
  private groups: Group[] | null = null;

  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.awaited = true;
    return super.then(onFulfilled, onRejected);
  }

  get live(): boolean {
    return this.awaited || (this.groups?.some((group) => !group.settled && group.result.live) ?? false);
  }

  /** Listens as a member of a combinator: no longer than its result is open. */
  joined(group: Group): Promise<T> {
    (this.groups ??= []).push(group);
    return super.then();
  }

  /** Marks it as handled without counting as a listener. */
  handled(): this {
    void super.then(undefined, ignore);
    return this;
  }
}

/** Settled by exactly one step. */
export class DurablePromise<T> extends TrackedPromise<T> {
  /** Set by the executor below, which runs before field initialisers would. */
  declare resolve: (value: T) => void;
  declare reject: (reason: Error) => void;

  static make<T>(): DurablePromise<T> {
    const { promise, resolve, reject } = DurablePromise.withResolvers<T>();
    const made = promise as DurablePromise<T>;
    made.resolve = resolve;
    made.reject = reject;
    return made.handled();
  }
}

/** `Promise.all`, `race` and `any` over members of which at least one is tracked; others go to the original. */
export function combine(original: (members: unknown[]) => Promise<unknown>, members: unknown[]): Promise<unknown> {
  if (!members.some((member) => member instanceof TrackedPromise)) return original(members);
  const { promise, resolve, reject } = TrackedPromise.withResolvers<unknown>();
  const group: Group = { settled: false, result: promise as TrackedPromise<unknown> };
  const joined = members.map((member) => (member instanceof TrackedPromise ? member.joined(group) : member));
  original(joined).then(
    (value) => {
      group.settled = true;
      resolve(value);
    },
    (reason: unknown) => {
      group.settled = true;
      reject(reason);
    },
  );
  return promise;
}

const PATCHED = Symbol.for('perdure.combinators');

/**
 * Installs the combinators on the realm's `Promise`, once. Calls with no tracked member take the original path, so code
 * outside entities sees no difference.
 */
export function installCombinators(): void {
  const target = Promise as PromiseConstructor & { [PATCHED]?: true };
  if (target[PATCHED] === true) return;
  Object.defineProperty(target, PATCHED, { value: true });
  for (const name of ['all', 'allSettled', 'race', 'any'] as const) {
    const original = target[name] as (this: unknown, members: Iterable<unknown>) => Promise<unknown>;
    const patched = function (this: unknown, members: Iterable<unknown>): Promise<unknown> {
      if (this !== target) return original.call(this, members);
      const all = (list: Iterable<unknown>) => original.call(target, list);
      if (!(Symbol.iterator in Object(members))) return all(members);
      let list: unknown[];
      try {
        list = [...members];
      } catch (error) {
        return all({ [Symbol.iterator]: () => rethrow(error) });
      }
      return combine(all, list);
    };
    Object.defineProperty(patched, 'name', { value: name });
    Object.defineProperty(target, name, { value: patched, writable: true, configurable: true });
  }
}

function rethrow(error: unknown): never {
  throw error as Error;
}

function ignore(): void {
  // Handled: the rejection reaches whoever awaits the promise.
}
