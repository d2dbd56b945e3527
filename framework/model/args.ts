/**
 * Arguments: the schema of one handler's argument list.
 *
 * Owns: where the types come from (`args`, else compiled metadata), how many arguments there may be.
 * Does not own: what one argument may be (`shape`).
 *
 * Invariants: a handler whose types are not known is refused at registration; a parameter with a default value or
 * marked `optional` may be left out, every other is required.
 */

import type { ArgClass, ArgType } from './arg-type';
import type { HandlerDeclaration } from './declaration';
import { shapeOf } from './shape';
import type { Revived, Shape } from './shape-type';
import { misfitAt, orNothing, refusal, Seen } from './shape-type';
import { parametersOf } from './source-text';

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

/** A schema that knows how many arguments there may be. */
export interface CountedSchema extends ArgsSchema {
  readonly count: number;
}

type Callable = (...args: never[]) => unknown;

/** The schema of a handler as declared; `where` is `Class.method`. Throws `invalid_argument`. */
export function argsSchema(declared: HandlerDeclaration, method: Callable, where: string): CountedSchema {
  const parameters = parametersOf(method);
  if (parameters.rest) throw refusal(where, 'takes rest parameters, whose number is unknown: take one array instead');
  const types = declaredTypes(declared, parameters.any, where);
  if (types.length < method.length) {
    throw refusal(where, `takes ${method.length} arguments but args names ${types.length}: name one type for each`);
  }
  const shapes = types.map((type, index) => {
    const shape = shapeOf(type, `${where}: argument ${index + 1}`);
    return declared.args === null && index >= method.length ? orNothing(shape) : shape;
  });
  return schemaOf(shapes);
}

/** An override that is not decorated again keeps its base's schema, so it must not need more arguments. */
export function checkOverride(schema: CountedSchema, method: Callable, where: string): void {
  if (method.length <= schema.count) return;
  const fact = `takes ${method.length} arguments but the method it overrides takes ${schema.count}`;
  throw refusal(where, `${fact}: decorate the override with the same decorator`);
}

function declaredTypes(declared: HandlerDeclaration, takesAny: boolean, where: string): readonly ArgType[] {
  if (declared.args !== null) return declared.args;
  if (!takesAny) return [];
  if (declared.paramTypes === 'no-reflect') {
    const cure = "import 'reflect-metadata' first in your program, or give args";
    throw refusal(where, `has arguments whose types are not known because reflect-metadata was not loaded: ${cure}`);
  }
  if (declared.paramTypes === 'not-emitted') {
    const cure = 'set emitDecoratorMetadata (extend perdure/tsconfig.json), or give args';
    throw refusal(where, `has arguments whose types the compiler did not emit: ${cure}`);
  }
  return declared.paramTypes.map((type) => (type === undefined ? Object : type) as ArgClass);
}

function schemaOf(shapes: readonly Shape[]): CountedSchema {
  const plain = shapes.every((shape) => shape.plain);
  return {
    count: shapes.length,
    build(values, where) {
      if (values.length > shapes.length) {
        throw refusal(where, `takes at most ${shapes.length} arguments but got ${values.length}`);
      }
      const seen = new Seen();
      const built: unknown[] = [];
      for (let index = 0; index < shapes.length; index++) {
        try {
          const value = shapes[index]!.build(values[index], seen);
          if (index < values.length) built.push(value);
        } catch (error) {
          const { path, fact, cause } = misfitAt('', error);
          throw refusal(`${where}: argument ${index + 1}${path}`, fact, cause);
        }
      }
      return built;
    },
    revive(values) {
      if (plain) return [...values];
      const revived: Revived = new Map();
      return values.map((value, index) => (index < shapes.length ? shapes[index]!.revive(value, revived) : value));
    },
  };
}
