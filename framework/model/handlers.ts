/**
 * Handlers: the methods of an entity class and its bases, merged and checked.
 *
 * Owns: inheritance (a handler is inherited, an override keeps its kind without being decorated again), validators,
 * what may be a handler. Does not own: arguments (`args`), fields (`fields`).
 *
 * Invariant: what is returned is what the most derived class does.
 */

import type { CountedSchema, ArgsSchema } from './args';
import { argsSchema, checkOverride } from './args';
import type { ClassFunction, HandlerDeclaration, MethodKind } from './declaration';
import { classChain, declarationOf } from './declaration';
import { refusal, tagOf } from './shape-type';

export interface MethodDefinition {
  readonly name: string;
  readonly kind: MethodKind;
  /** Proceeds while an exclusive invocation is parked (S7). True for every query. */
  readonly interleave: boolean;
  /** May be the first message of an entity (S21). */
  readonly creates: boolean;
  /** Name of the `@Validate` method that may refuse it, or null. */
  readonly validator: string | null;
  readonly args: ArgsSchema;
  /** Interval of an `@Every` method; 0 for other kinds. */
  readonly everyMs: number;
}

export type Method = (...args: never[]) => unknown;

interface Handler {
  readonly declared: HandlerDeclaration;
  readonly schema: CountedSchema;
  readonly method: Method;
}

const RESERVED: ReadonlySet<string> = new Set(['then', 'toJSON', 'constructor', '__proto__']);

/** Handlers by name. Throws `invalid_argument` naming the class, the fact and the cure. */
export function handlersOf(ctor: ClassFunction): ReadonlyMap<string, MethodDefinition> {
  const handlers = new Map<string, Handler>();
  for (const one of classChain(ctor)) {
    for (const name of Object.getOwnPropertyNames(one.prototype)) {
      const handler = handlerIn(one, name, handlers.get(name));
      if (handler) handlers.set(name, handler);
    }
  }
  const guards = guardsOf(ctor, handlers);
  const defined = new Map<string, MethodDefinition>();
  for (const [name, { declared, schema }] of handlers) {
    const { kind, creates, everyMs } = declared;
    const interleave = kind === 'query' || declared.interleave;
    defined.set(name, { name, kind, interleave, creates, validator: guards.get(name) ?? null, args: schema, everyMs });
  }
  return defined;
}

/** The `run` method, or null. */
export function runOf(ctor: ClassFunction): Method | null {
  const run = methodNamed(ctor, 'run');
  if (run === undefined) return null;
  const where = `${ctor.name}.run`;
  if (typeof run !== 'function') throw refusal(where, 'is no method: an entity has run() or nothing of that name');
  checkFunction(run as Method, where);
  if ((run as Method).length > 0) throw refusal(where, 'takes arguments, but is called without: read fields instead');
  return run as Method;
}

/** What the class or a base has under a name of its own, Object's methods aside. */
export function methodNamed(ctor: ClassFunction, name: string): unknown {
  for (const one of classChain(ctor).reverse()) {
    const found = Object.getOwnPropertyDescriptor(one.prototype, name);
    if (found) return found.value ?? found;
  }
  return undefined;
}

/** What class `one` makes of a handler: its own, an override of `inherited`, or undefined when it has none. */
function handlerIn(one: ClassFunction, name: string, inherited: Handler | undefined): Handler | undefined {
  const own = declarationOf(one)?.handlers.get(name);
  if (!own && !inherited) return undefined;
  const where = `${one.name}.${name}`;
  const method: unknown = Object.getOwnPropertyDescriptor(one.prototype, name)?.value;
  if (typeof method !== 'function') {
    throw refusal(where, `hides a handler (${inherited?.declared.kind}) behind an accessor: override it by a method`);
  }
  checkFunction(method as Method, where);
  if (own) {
    checkKind(own, inherited, name, where);
    checkSynchronous(own.kind, method as Method, where);
    return { declared: own, schema: argsSchema(own, method as Method, where), method: method as Method };
  }
  const { declared, schema } = inherited!;
  checkSynchronous(declared.kind, method as Method, where);
  checkOverride(schema, method as Method, where);
  return { declared, schema, method: method as Method };
}

function checkKind(own: HandlerDeclaration, inherited: Handler | undefined, name: string, where: string): void {
  if (name === 'run')
    throw refusal(where, `is decorated as ${own.kind}, but run() is the entity's life: rename the method`);
  if (RESERVED.has(name))
    throw refusal(where, `has a name that proxies and JSON use for themselves: rename the method`);
  if (inherited && inherited.declared.kind !== own.kind) {
    const fact = `is declared ${own.kind} but overrides a handler declared ${inherited.declared.kind}`;
    throw refusal(where, `${fact}: keep the kind, or give it another name`);
  }
  if (own.kind === 'every' && own.args === null && Array.isArray(own.paramTypes) && own.paramTypes.length > 0) {
    throw refusal(where, 'takes arguments, but @Every calls it without: read fields instead');
  }
}

function checkFunction(method: Method, where: string): void {
  if (tagOf(method).endsWith('GeneratorFunction')) {
    throw refusal(where, 'is a generator, which nothing would run to its end: use a plain or an async method');
  }
}

function checkSynchronous(kind: MethodKind, method: Method, where: string): void {
  if (kind === 'query' && tagOf(method) === 'AsyncFunction') {
    throw refusal(
      where,
      'is an async query: a query reads fields and answers at once; make an update of what must wait',
    );
  }
}

/** Guarded method to its validator. */
function guardsOf(ctor: ClassFunction, handlers: ReadonlyMap<string, Handler>): Map<string, string> {
  const guards = new Map<string, string>();
  for (const one of classChain(ctor)) {
    for (const [validator, target] of declarationOf(one)?.validators ?? []) {
      const where = `@Validate('${target}') ${ctor.name}.${validator}`;
      checkValidator(ctor, validator, target, handlers, where);
      const other = guards.get(target);
      if (other !== undefined && other !== validator) {
        throw refusal(where, `is a second validator of ${target} beside ${other}: call one from the other`);
      }
      guards.set(target, validator);
    }
  }
  return guards;
}

function checkValidator(
  ctor: ClassFunction,
  validator: string,
  target: string,
  handlers: ReadonlyMap<string, Handler>,
  where: string,
): void {
  const kind = handlers.get(target)?.declared.kind;
  if (kind !== 'signal' && kind !== 'update') {
    const fact = kind ? `names a ${kind}` : 'names no handler';
    throw refusal(where, `${fact}: a validator guards a @Signal or an @Update, by its method's name`);
  }
  if (handlers.has(validator)) throw refusal(where, 'is a handler itself: write the check as a method of its own');
  const method = methodNamed(ctor, validator);
  if (typeof method !== 'function' || tagOf(method) !== 'Function') {
    throw refusal(
      where,
      'is not a plain synchronous method: check fields and arguments, and throw an EntityFailure to refuse',
    );
  }
}
