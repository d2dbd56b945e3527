/**
 * Shard map: which shard a key belongs to, for ever: the number of shards is fixed at creation (C3).
 */

import { hash32 } from '../../framework/codec/hash32';
import type { EntityKey } from '../../framework/model/identity';

/** From 0 to `shards` - 1. Namespaces share the shards: a key of the same type and id is in the same one. */
export function shardOf({ type, id }: EntityKey, shards: number): number {
  return hash32(Buffer.from(`${type}\0${id}`)) % shards;
}
