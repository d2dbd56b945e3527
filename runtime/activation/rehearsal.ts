/**
 * Rehearsal: the place where tests put an entity out of memory after a step and load it again.
 *
 * Owns: the interface, shaped by the activation. Production has none. Does not own: what is compared (`testing`).
 */

import type { Instance } from '../../framework/core/instance';
import type { EntityKey } from '../../framework/model/identity';
import type { Loaded, LoadFrom, Unwritten } from './loader';

export interface Rehearsal {
  /** Asked whenever a turn may have been closed, `seq` being the newest; true: it is loaded again before the next step. */
  due(key: EntityKey, instance: Instance | null, seq: number): boolean;
  /** Loads an entity, be it after `due` or otherwise. */
  load(from: LoadFrom, unwritten: Unwritten | null): Promise<Loaded>;
}
