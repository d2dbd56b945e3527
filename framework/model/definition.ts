/**
 * Definition: what an entity class declares, read once and checked.
 *
 * Owns: the shape every other module reads an entity class through.
 * Does not own: how it is declared (`decorators`), how arguments are built (`args`).
 *
 * Invariants: a definition is immutable; `fields`, `was` and `dropped` never overlap in a name (S28); all own fields
 * are visible, for `#private` fields are refused (S28).
 */

/** What a handler is: callers reach signals, updates and queries; the framework alone reaches reminders and everys. */
export type MethodKind = 'signal' | 'update' | 'query' | 'reminder' | 'every';

/** Kinds of an indexed field: a string, a safe integer, any finite number, a boolean, a `Date`. */
export type IndexKind = 'keyword' | 'int' | 'double' | 'bool' | 'time';

/** The declared arguments of one handler. `where` is `type.method`, named in errors. */
export interface ArgsSchema {
  /**
   * On receipt, once: turns decoded values into what the method declares (DTOs built and validated).
   * Throws `invalid_argument` naming the method, the argument's path and the constraint.
   */
  build(values: readonly unknown[], where: string): unknown[];
  /** On replay: gives recorded values their DTO prototypes again, without constructor, transform or validation (S10). */
  revive(values: readonly unknown[]): unknown[];
}

export interface MethodDefinition {
  readonly name: string;
  readonly kind: MethodKind;
  /** Proceeds while an exclusive invocation is parked (S7). */
  readonly interleave: boolean;
  /** May be the first message of an entity (S21). */
  readonly creates: boolean;
  /** Name of the `@Validate` method that may refuse it, or null. */
  readonly validator: string | null;
  readonly args: ArgsSchema;
  /** Interval of an `@Every` method; 0 for other kinds. */
  readonly everyMs: number;
}

export interface EntityDefinition {
  /** 1 to 128 characters of `A-Z a-z 0-9 . _ -`. */
  readonly type: string;
  readonly ctor: new () => object;
  readonly methods: ReadonlyMap<string, MethodDefinition>;
  readonly hasRun: boolean;
  /** True when any method is marked `creates`: then every other method on an unknown id is `not_found` (S21). */
  readonly creates: boolean;
  /** Own field names of a newly constructed instance, sorted. */
  readonly fields: readonly string[];
  readonly indexed: ReadonlyMap<string, IndexKind>;
  /** Former field name to present one (S28). */
  readonly was: ReadonlyMap<string, string>;
  readonly dropped: ReadonlySet<string>;
  /** True when any handler, `run` included, may suspend; only then must a step be drained (S4). */
  readonly asynchronous: boolean;
  /** Source text of the class and its bases, for the build id (S26a). */
  readonly source: string;
  /** What a completed entity does with further messages (S23). */
  readonly onCompleted: 'refuse';
}
