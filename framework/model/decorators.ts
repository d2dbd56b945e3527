/**
 * Decorators: the words an entity's author writes.
 *
 * Owns: their types, which find mistakes at compile time, and the note each leaves in the class's declaration.
 * Does not own: whether a class as a whole makes sense (`definition`), fields and values (`field-decorators`).
 *
 * Invariants: legacy decorators only; a decorator throws at once for what it can see alone, all else is found when
 * the class is defined.
 */

import { PerdureError } from '../errors';
import type { ArgType } from './arg-type';
import type { HandlerDeclaration, MethodKind } from './declaration';
import { declare } from './declaration';
import type { Duration } from './duration';
import { toMs } from './duration';
import { refuseStandard } from './legacy';

type Method = (...args: never[]) => unknown;

/** What a handler that may not wait answers; a promise here does not compile. */
type Synchronous<F extends Method> =
  IsAny<ReturnType<F>> extends true
    ? unknown
    : [Extract<ReturnType<F>, PromiseLike<unknown>>] extends [never]
      ? unknown
      : { readonly 'it may not return a promise: it is read-only and synchronous': never };
type IsAny<T> = 0 extends 1 & T ? true : false;

type MethodDecoratorOf = <F extends Method>(
  target: object,
  name: string,
  descriptor: TypedPropertyDescriptor<F>,
) => void;

export interface QueryOptions {
  /** One type for each argument, where compiled metadata does not say. */
  readonly args?: readonly ArgType[];
}

export interface ReminderOptions extends QueryOptions {
  /** True: it also runs while an exclusive handler is parked (S7). */
  readonly interleave?: boolean;
}

export interface MessageOptions extends ReminderOptions {
  /** True: only methods marked so bring an entity to exist (S21). */
  readonly creates?: boolean;
}

const TYPE_NAME = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * Marks a class as an entity. `type` is stored with every instance: 1 to 128 characters of `A-Z a-z 0-9 . _ -`, never
 * changed later. Classes whose constructor needs arguments do not compile.
 */
export function Entity(type: string): <C extends new () => object>(ctor: C) => void {
  return (ctor, ...more: unknown[]) => {
    refuseStandard('@Entity', more[0]);
    if (typeof type !== 'string' || !TYPE_NAME.test(type)) {
      throw new PerdureError(
        'invalid_argument',
        `@Entity of class ${ctor.name} has the type ${JSON.stringify(type)}: use 1 to 128 characters of A-Z a-z 0-9 . _ -`,
      );
    }
    const declared = declare(ctor);
    if (declared.entity !== null) {
      throw new PerdureError('invalid_argument', `class ${ctor.name} is decorated @Entity twice: keep one`);
    }
    declared.entity = type;
  };
}

/** A message whose sender waits only until it is durable; applied once in effect. */
export function Signal(options: MessageOptions = {}): MethodDecoratorOf {
  return handler('signal', options);
}

/** A message whose sender gets the method's answer; applied once in effect. */
export function Update(options: MessageOptions = {}): MethodDecoratorOf {
  return handler('update', options);
}

/** A read-only, synchronous question (S8, S9). */
export function Query(
  options: QueryOptions = {},
): <F extends Method>(target: object, name: string, descriptor: TypedPropertyDescriptor<F> & Synchronous<F>) => void {
  return handler('query', options);
}

/** A method that `remind` calls later and callers cannot reach (S22). */
export function Reminder(options: ReminderOptions = {}): MethodDecoratorOf {
  return handler('reminder', options);
}

/** A method without arguments called at a fixed interval from the entity's first turn on (S22). */
export function Every(
  interval: Duration,
  options: Pick<ReminderOptions, 'interleave'> = {},
): (target: object, name: string, descriptor: TypedPropertyDescriptor<() => unknown>) => void {
  const everyMs = toMs(interval, '@Every');
  if (everyMs === 0) throw new PerdureError('invalid_argument', '@Every has the interval 0: give at least 1 ms');
  return handler('every', options, everyMs);
}

/**
 * Guards a signal or update: runs before it on the same arguments, synchronous and read-only, and refuses by throwing
 * an EntityFailure; the message is then `rejected` and nothing is recorded (S9, S13).
 */
export function Validate<const K extends string>(
  method: K,
): <T extends Readonly<Record<K, Method>>, F extends (...args: Parameters<T[K]>) => unknown>(
  target: T,
  name: string,
  descriptor: TypedPropertyDescriptor<F> & Synchronous<F>,
) => void {
  return (target, name, descriptor) => {
    const { declared, where } = methodOf('@Validate', target, name, descriptor);
    if (declared.validators.has(name)) {
      throw new PerdureError('invalid_argument', `${where} has two @Validate decorators: write one method for each`);
    }
    declared.validators.set(name, method);
  };
}

function handler(kind: MethodKind, options: MessageOptions, everyMs = 0): MethodDecoratorOf {
  return (target, name, descriptor) => {
    const { declared, where } = methodOf(`@${kind[0]!.toUpperCase()}${kind.slice(1)}`, target, name, descriptor);
    const other = declared.handlers.get(name);
    if (other)
      throw new PerdureError('invalid_argument', `${where} is decorated as ${other.kind} and ${kind}: keep one`);
    declared.handlers.set(name, {
      kind,
      interleave: options.interleave ?? false,
      creates: options.creates ?? false,
      everyMs,
      args: options.args ?? null,
      paramTypes: paramTypesOf(target, name),
    });
  };
}

/** What is wrong with the place a method decorator stands on is seen here. */
function methodOf(word: string, target: object, name: string | symbol, descriptor: PropertyDescriptor | undefined) {
  refuseStandard(word, name);
  const isStatic = typeof target === 'function';
  const ctor = isStatic ? target : target.constructor;
  const where = `${ctor.name}.${String(name)}`;
  if (isStatic) throw new PerdureError('invalid_argument', `${word} ${where} is static: make it an instance method`);
  if (typeof name === 'symbol') {
    throw new PerdureError(
      'invalid_argument',
      `${word} ${where} is named by a symbol, which no message can carry: use a name`,
    );
  }
  if (typeof descriptor?.value !== 'function') {
    throw new PerdureError(
      'invalid_argument',
      `${word} ${where} is no method: decorate a method, not a field or an accessor`,
    );
  }
  return { declared: declare(ctor), where };
}

interface ReflectMetadata {
  readonly getOwnMetadata?: (key: string, target: object, name: string) => unknown;
}

function paramTypesOf(target: object, name: string): HandlerDeclaration['paramTypes'] {
  const { getOwnMetadata } = Reflect as ReflectMetadata;
  if (typeof getOwnMetadata !== 'function') return 'no-reflect';
  const types = getOwnMetadata('design:paramtypes', target, name);
  return Array.isArray(types) ? (types as unknown[]) : 'not-emitted';
}
