/**
 * Handle: how code that holds only a reference sees an entity or a group of activities, as types.
 *
 * Owns: `Handle`, `Contract`, `ActivityGroup`, and what a reference says at run time (type and reachable methods).
 * Does not own: the proxies that implement them (`core/context`, `runtime/client`).
 */

import { definitionOf } from './definition';
import type { EntityClass } from './definition';
import type { Duration } from './duration';
import { refusal } from './shape-type';

type AnyMethod = (...args: never[]) => unknown;

/** Names of T's public methods that a handle offers: not `run`, nor what proxies and JSON use for themselves. */
export type HandlerName<T> = {
  [K in keyof T]: K extends string
    ? K extends 'run' | 'then' | 'toJSON'
      ? never
      : T[K] extends AnyMethod
        ? K
        : never
    : never;
}[keyof T];

type Call<F> = F extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;

/** An entity as its callers see it. Protected and private members are absent; fields are too. */
export type Handle<T> = { readonly [K in HandlerName<T>]: Call<T[K]> };

export type ContractKind = 'signal' | 'update' | 'query';

declare const api: unique symbol;

/** What a caller without the class knows of an entity type. */
export interface Contract<T> {
  readonly type: string;
  readonly methods: ReadonlyMap<string, ContractKind>;
  /** Only a type. */
  readonly [api]?: T;
}

/** A class or a contract. */
export type EntityReference<T> = (new () => T) | Contract<T>;

/** A contract written by hand; every method of `Api` must be named, and no other. */
export function contract<Api>(type: string, methods: Readonly<Record<HandlerName<Api>, ContractKind>>): Contract<Api> {
  return { type, methods: new Map(Object.entries<ContractKind>(methods)) };
}

/** The contract a reference stands for. Throws `invalid_argument` for a class that is no sound entity. */
export function contractOf<T>(reference: EntityReference<T>): Contract<T> {
  if (typeof reference !== 'function') {
    if (typeof (reference as Contract<T> | undefined)?.type === 'string') return reference;
    throw refusal(
      'entity()',
      'was given neither an entity class nor a contract: is it undefined by a circular import?',
    );
  }
  const known = contracts.get(reference);
  if (known) return known as Contract<T>;
  const { type, methods } = definitionOf(reference as EntityClass);
  const reachable = new Map<string, ContractKind>();
  for (const { name, kind } of methods.values()) {
    if (kind === 'signal' || kind === 'update' || kind === 'query') reachable.set(name, kind);
  }
  const made: Contract<T> = { type, methods: reachable };
  contracts.set(reference, made);
  return made;
}

const contracts = new WeakMap<object, Contract<unknown>>();

/** Options of an activity as an author writes them; each replaces the group's. */
export interface ActivityCallOptions {
  /** Longest time of one attempt. */
  readonly startToClose?: Duration;
  /** Longest time over all attempts, pauses included. */
  readonly scheduleToClose?: Duration;
  /** Longest time until the first attempt begins. */
  readonly scheduleToStart?: Duration;
  /** Longest time between two heartbeats. */
  readonly heartbeat?: Duration;
  /** Attempts in all; 0 means unlimited. */
  readonly attempts?: number;
  readonly retry?: { readonly initial?: Duration; readonly maximum?: Duration; readonly factor?: number };
  /** Task queue. */
  readonly queue?: string;
}

type AsyncMethodName<A> = {
  [K in keyof A]: K extends string ? (A[K] extends (...args: never[]) => PromiseLike<unknown> ? K : never) : never;
}[keyof A];

/** What an object must have to run a group: the asynchronous methods of A, whatever else A has. */
export type ActivityMethods<A> = Pick<A, AsyncMethodName<A>>;

/** Activities as entity code sees them: each asynchronous method of A, made durable. */
export type ActivityGroup<A> = { readonly [K in Exclude<AsyncMethodName<A>, 'with' | 'then'>]: Call<A[K]> } & {
  /** The same activities under other options. */
  with(options: ActivityCallOptions): ActivityGroup<A>;
};

/** Activities as `enqueue` gives them: recorded at once, run to their end, never awaited. */
export type EnqueuedGroup<A> = {
  readonly [K in Exclude<AsyncMethodName<A>, 'with' | 'then'>]: A[K] extends (...args: infer P) => unknown
    ? (...args: P) => void
    : never;
};
