/**
 * Validation: what class-validator knows of a DTO class, compiled once.
 *
 * Owns: loading class-validator (a peer dependency, with the first DTO), refusing rules that cannot be kept, the quick
 * pass. Does not own: building (`dto`).
 *
 * Invariant: the quick pass runs the very constraints that `validateSync` runs, and only says that all of them hold;
 * whatever it does not know or does not hold goes to `validateSync`, whose word and messages are final. (It is there
 * because `validateSync` groups a class's rules anew at each call, which costs more than storing the message.)
 */

import type { MetadataStorage, ValidationError } from 'class-validator';
import type { ArgClass } from './arg-type';
import { refusal } from './shape-type';

type ClassValidator = typeof import('class-validator');
type Rule = ReturnType<MetadataStorage['getTargetValidationMetadatas']>[number];
type Instance = Record<string, unknown>;
type Check = (dto: Instance, value: unknown) => boolean;

/** How many complaints one message lists. */
const MAX_COMPLAINTS = 5;
const OPTIONS = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true };

export interface Rules {
  /** Properties with a rule. */
  readonly names: readonly string[];
  /** `@IsOptional` or `@ValidateIf`: class-validator says whether undefined and null pass. */
  isConditional(name: string): boolean;
  /** Throws `invalid_argument` when the rules of a property cannot be kept. Lets a nested property without rules be. */
  admit(name: string, nested: boolean, where: string): void;
  /** What does not hold, as one text; empty when all holds. */
  complaints(dto: object): string;
}

/** Throws `invalid_argument` when class-validator is not installed. */
export function rulesOf(ctor: ArgClass, where: string): Rules {
  const validator = loadClassValidator(ctor, where);
  const storage = validator.getMetadataStorage();
  const rules = storage.groupByPropertyName(storage.getTargetValidationMetadatas(ctor, '', false, false));
  const names = Object.keys(rules);
  let checks: [string, Check][] | undefined;
  return {
    names,
    isConditional: (name) => (rules[name] ?? []).some((rule) => rule.type === 'conditionalValidation'),
    admit(name, nested, at) {
      const found = rules[name] ?? [];
      checkRules(found, nested, storage, at);
      if (nested && found.length === 0) validator.Allow()(ctor.prototype as object, name);
    },
    complaints(dto) {
      checks ??= names.map((name) => [name, checkOf(rules[name] ?? [], storage)]);
      if (checks.every(([name, check]) => check(dto as Instance, (dto as Instance)[name]))) return '';
      return textOf(validator.validateSync(dto, OPTIONS));
    },
  };
}

function checkRules(rules: readonly Rule[], nested: boolean, storage: MetadataStorage, at: string): void {
  if (rules.some((rule) => rule.type === 'nestedValidation')) {
    const cure = nested
      ? 'remove it, for @Nested validates too'
      : 'use @Nested(() => Line) or @Nested(() => [Line]) instead';
    throw refusal(at, `has @ValidateNested, which does not say how to build it: ${cure}`);
  }
  for (const rule of rules) {
    if (!storage.getTargetValidatorConstraints(rule.constraintCls).some((constraint) => constraint.async)) continue;
    throw refusal(at, 'has an asynchronous validator, which would never be awaited: check it in the handler');
  }
}

/** The quick pass of one property; false leaves it to `validateSync`. */
function checkOf(rules: readonly Rule[], storage: MetadataStorage): Check {
  const conditions: Check[] = [];
  const checks: Check[] = [];
  for (const rule of rules) {
    if (rule.type === 'whitelistValidation') continue;
    if (rule.type === 'conditionalValidation') {
      const [condition] = rule.constraints as [Check];
      conditions.push(condition);
      continue;
    }
    if (rule.each || rule.validateIf) return () => false;
    for (const { instance } of storage.getTargetValidatorConstraints(rule.constraintCls)) {
      checks.push((object, value) => {
        const { propertyName: property, constraints } = rule;
        const args = { targetName: object.constructor.name, property, object, value, constraints };
        return instance.validate(value, args) === true;
      });
    }
  }
  return (dto, value) =>
    conditions.some((condition) => !condition(dto, value)) || checks.every((check) => check(dto, value));
}

function loadClassValidator(ctor: ArgClass, where: string): ClassValidator {
  try {
    return require('class-validator') as ClassValidator;
  } catch (error) {
    const cure = 'install the peer dependency class-validator, or give args with any()';
    const fact = `is a ${ctor.name}, which class-validator must validate, but it cannot be loaded`;
    throw refusal(where, `${fact}: ${cure}`, error);
  }
}

function textOf(errors: readonly ValidationError[]): string {
  const all = errors.flatMap((error) =>
    Object.values(error.constraints ?? {}).map((text) => text || `${error.property} is not valid`),
  );
  const more = all.length > MAX_COMPLAINTS ? ` (and ${all.length - MAX_COMPLAINTS} more)` : '';
  return all.slice(0, MAX_COMPLAINTS).join('; ') + more;
}
