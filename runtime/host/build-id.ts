/** Build id: which code runs (S26a). */

import { hash } from 'node:crypto';
import type { EntityDefinition } from '../../framework/model/definition';
import { version } from '../version';

/** 16 hexadecimal digits of the package's version and the source of all registered classes. */
export function buildId(definitions: ReadonlyMap<string, EntityDefinition>): string {
  const sources = [...definitions.values()].map(({ type, source }) => `${type}\0${source}`).sort();
  return hash('sha256', [version, ...sources].join('\0'), 'hex').slice(0, 16);
}
