/**
 * Upcasting: how bytes of every version ever released become today's structure.
 *
 * Owns: the chain: a version's own layout reads its bytes into its own plain structure, then one upcaster per version
 * lifts that to the next. Does not own: layouts (`record-reader` and, one day, its successors beside it).
 *
 * Invariants: versions and their layouts are never removed; an upcaster is pure; a version above the present one is
 * refused, for it was written by a newer build.
 */

import { PerdureError } from '../errors';
import { corrupt } from './reader';
import type { ByteReader } from './reader';

export interface Versions<T> {
  /** What is decoded, for messages: `history record`. */
  readonly what: string;
  readonly present: number;
  /** Version → what reads its bytes into its own structure. */
  readonly layouts: ReadonlyMap<number, (source: ByteReader) => unknown>;
  /** Version → what makes the structure of the next version of it. */
  readonly upcasters: ReadonlyMap<number, (structure: unknown) => unknown>;
  /** Ties the present structure to its type; the identity at run time. */
  readonly as: (structure: unknown) => T;
}

/** Reads what follows the version byte, all of it, and lifts it to the present version. */
export function readVersion<T>(source: ByteReader, version: number, versions: Versions<T>): T {
  const { what, present, layouts, upcasters } = versions;
  if (version > present) {
    const fact = `This ${what} is of version ${version}, but this build reads versions up to ${present}`;
    throw new PerdureError('internal', `${fact}: run a build at least as new as the one that wrote it`, {
      reason: 'newer_version',
    });
  }
  const layout = layouts.get(version);
  if (layout === undefined) throw corrupt(`a ${what} of version ${version}`);
  let structure = layout(source);
  source.finish();
  for (let from = version; from < present; from++) {
    const upcaster = upcasters.get(from);
    if (upcaster === undefined) throw new Error(`No upcaster from version ${from} of a ${what}: add one`);
    structure = upcaster(structure);
  }
  return versions.as(structure);
}
