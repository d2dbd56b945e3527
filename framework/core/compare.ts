/**
 * Compare: what a replayed step did against what is recorded (S26), and fields against a digest (S25).
 *
 * Owns: the compared set, version 1: order, kind, target, method and owning invocation of effects, and whether an
 * invocation ended well. Values are not compared: the recorded one wins.
 *
 * Invariant: a divergence is found where it happens first and names both sides.
 */

import { valueTypesIn } from '../codec/fields';
import { PerdureError } from '../errors';
import type { EntityKey, Position } from '../model/identity';
import { keyText } from '../model/identity';
import type { Consequence, FieldHashes, Schema } from './history';
import type { Instance } from './instance';
import { presentName } from './state';

/** The first difference in words; null when there is none. */
export function compareConsequences(recorded: readonly Consequence[], replayed: readonly Consequence[]): string | null {
  if (recorded.length === replayed.length && recorded.every((one, at) => endsAlike(one, replayed[at]))) return null;
  const expected = recorded.flatMap(compared);
  const found = replayed.flatMap(compared);
  for (let at = 0; at < Math.max(expected.length, found.length); at += 1) {
    if (expected[at] !== found[at])
      return `recorded: ${expected[at] ?? 'nothing more'}; this build: ${found[at] ?? 'nothing more'}`;
  }
  return null;
}

/** Most steps leave one end and nothing else: no need to put that into words. */
function endsAlike(a: Consequence, b: Consequence | undefined): boolean {
  return a.kind === 'outcome' && b?.kind === 'outcome' && a.owner === b.owner && a.outcome.ok === b.outcome.ok;
}

function compared(one: Consequence): string[] {
  switch (one.kind) {
    case 'activity':
      return [
        `${one.awaited ? 'activity' : 'enqueued activity'} ${one.group}.${one.method} of invocation ${one.owner}`,
      ];
    case 'timer':
      return [`timer ${one.purpose} ${one.method} of invocation ${one.owner}`];
    case 'forget':
      return [`forget ${one.method} of invocation ${one.owner}`];
    case 'condition':
      return [`condition ${one.timeout === 0 ? 'without' : 'with'} timeout of invocation ${one.owner}`];
    case 'promise':
      return [`promise ${one.name} of invocation ${one.owner}`];
    case 'outcome':
      return [`invocation ${one.owner} ${one.outcome.ok ? 'succeeds' : 'fails'}`];
    case 'patch':
    case 'sideEffect':
      return [];
  }
}

/** Names of the fields whose encoding differs from a digest, over the fields that both schemas have (S25). */
export function differingFields(instance: Instance, schema: Schema, digest: FieldHashes): string[] {
  const { definition } = instance;
  const hashes = instance.hashes();
  const changed = changedValues(schema, instance.schema);
  return schema.fields.flatMap((stored, at) => {
    const name = presentName(definition, stored);
    if (name === null) return [];
    const index = definition.fields.indexOf(name);
    if (index < 0) return [stored];
    if (hashes[index] === digest[at]) return [];
    return changed.size > 0 && [...valueTypesIn(instance.object, name)].some((type) => changed.has(type)) ? [] : [name];
  });
}

/** `@Value` classes whose stored fields are not the same in both schemas: their encodings cannot be compared. */
function changedValues(recorded: Schema, present: Schema): Set<string> {
  const names = new Set([...Object.keys(recorded.values), ...Object.keys(present.values)]);
  return new Set([...names].filter((name) => !sameList(recorded.values[name], present.values[name])));
}

export function sameSchema(a: Schema, b: Schema): boolean {
  return a === b || (sameList(a.fields, b.fields) && changedValues(a, b).size === 0);
}

function sameList(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a !== undefined && b !== undefined && a.length === b.length && a.every((name, at) => name === b[at]);
}

/** What disagrees, and which build recorded what the present one would do otherwise. */
export interface Disagreement {
  readonly fact: string;
  readonly builds: { readonly recorded: string; readonly present: string };
  readonly details: Readonly<Record<string, unknown>>;
}

/** The entity's history and this build disagree: it is held as `diverged` until one of the two cures (S25). */
export function divergence(key: EntityKey, at: Position, { fact, builds, details }: Disagreement): PerdureError {
  const by =
    builds.recorded === builds.present ? '' : ` (recorded by build '${builds.recorded}', run by '${builds.present}')`;
  const message =
    `${keyText(key)} diverged at ${at.seq}.${at.index}: ${fact}${by}; ` +
    "gate the change with patched('id') so that what began before keeps its old way, or reset the entity to before it";
  return new PerdureError('internal', message, {
    reason: 'divergence',
    details: { ...details, seq: at.seq, index: at.index, fact, builds },
  });
}
