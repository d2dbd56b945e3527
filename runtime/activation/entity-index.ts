/**
 * Entity index: what the store keeps beside the rows, so that the entity is found without loading it.
 */

import { choose } from '../../framework/core/choose';
import type { Heads } from '../../framework/core/choose';
import type { Instance } from '../../framework/core/instance';
import type { Ledger } from '../../framework/core/ledger';
import type { EntityDefinition } from '../../framework/model/definition';
import type { EntityIndex, EntityStatus, IndexedValue } from '../ports/history-store';
import type { Resident } from './grounds';
import { CONDITIONS } from './poison';

export function statusOf(ledger: Ledger): EntityStatus {
  if (!ledger.born) return 'unborn';
  if (ledger.terminated !== null) return 'terminated';
  if (ledger.run === 'completed' || ledger.run === 'failed') return ledger.run;
  return ledger.held !== null || ledger.operatorHold !== null ? 'held' : 'active';
}

/** Says the same for the same history, under one build. */
export function indexOf(instance: Instance, definition: EntityDefinition): EntityIndex {
  const { ledger, environment } = instance;
  return {
    status: statusOf(ledger),
    wakeAt: ledger.wakeAt(),
    open: hasOpenWork(instance),
    fields: definition.indexed.size === 0 || !ledger.born ? NO_FIELDS : indexedFields(instance, definition),
    build: environment.build,
    createdAt: ledger.birth.time,
    updatedAt: ledger.time,
  };
}

/** The same where the entity's own predicates may run for it: under the watchdog's eyes (S20). */
export function watchedIndexOf({ grounds, key, definition }: Resident, instance: Instance): EntityIndex {
  if (instance.conditions.size === 0 || !instance.conditionsStale) return indexOf(instance, definition);
  return grounds.poison.aside(key, CONDITIONS, () => indexOf(instance, definition));
}

/** Something is to be done without any further message: a crash must not leave it lying (S6, S21). */
function hasOpenWork(instance: Instance): boolean {
  const { activities, admitted } = instance.ledger;
  return (activities?.size ?? 0) > 0 || admitted.length > 0 || choose(instance, EMPTY_MAILBOX) !== null;
}

const EMPTY_MAILBOX: Heads = { continuation: null, message: null, retryHeld: false };

/** Equal but for `updatedAt`, which is brought up to date when something else changes. */
export function sameIndex(a: EntityIndex, b: EntityIndex): boolean {
  return a.wakeAt === b.wakeAt && a.open === b.open && a.build === b.build && sameListing(a, b);
}

/** Equal in what entities are found by in a directory. */
export function sameListing(a: EntityIndex, b: EntityIndex): boolean {
  if (a.status !== b.status) return false;
  if (a.fields === b.fields) return true;
  const names = Object.keys(b.fields);
  return (
    names.length === Object.keys(a.fields).length && names.every((name) => Object.is(a.fields[name], b.fields[name]))
  );
}

const NO_FIELDS: Readonly<Record<string, IndexedValue>> = {};

function indexedFields(instance: Instance, definition: EntityDefinition): Record<string, IndexedValue> {
  const fields: Record<string, IndexedValue> = {};
  for (const name of definition.indexed.keys())
    fields[name] = indexedValue((instance.object as Record<string, unknown>)[name]);
  return fields;
}

/** What cannot be compared is indexed as null. */
function indexedValue(value: unknown): IndexedValue {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return Object.prototype.toString.call(value) === '[object Date]' ? (value as Date).getTime() : null;
}
