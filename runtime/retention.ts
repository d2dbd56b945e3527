/**
 * Retention: how much of each type's history stays behind its last snapshot, as a host's options say it (C8).
 *
 * Owns: the option and its checks. Does not own: which buckets may go, and when (`shard/ownership/behind-snapshots`).
 */

import { PerdureError } from '../framework/errors';
import type { EntityClass } from '../framework/model/definition';
import { definitionsOf } from '../framework/model/definition';

/** Buckets that stay, by type; of a type that is not named all stay. */
export type Retention = Readonly<Record<string, number>>;

/** Throws `invalid_argument` for a type that is not served, or a number that is none. */
export function checkRetention(retention: Retention, entities: readonly EntityClass[], shared: boolean): Retention {
  const types = [...definitionsOf(entities).keys()];
  for (const [type, buckets] of Object.entries(retention)) {
    if (!shared) throw refusal('retention is given', 'histories of a store of one host stay as they are: leave it out');
    if (!types.includes(type))
      throw refusal(`retention names the type '${type}'`, `this host serves ${types.join(', ') || 'none'}: name those`);
    if (!Number.isInteger(buckets) || buckets < 0)
      throw refusal(
        `retention of '${type}' is ${String(buckets)}`,
        'it is a whole number of buckets from 0 on: give one, or leave the type out to keep all',
      );
  }
  return retention;
}

function refusal(fact: string, remedy: string): PerdureError {
  return new PerdureError('invalid_argument', `${fact}, but ${remedy}`);
}
