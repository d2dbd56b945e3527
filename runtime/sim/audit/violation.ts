/** Violation: a rule that was broken, in one sentence that names the entity. */

import type { EntityKey } from '../../../framework/model/identity';
import { keyText } from '../../../framework/model/identity';

export class Violation extends Error {
  override readonly name = 'Violation';
}

export function violation(key: EntityKey, fact: string): Violation {
  return new Violation(`${keyText(key)}: ${fact}`);
}
