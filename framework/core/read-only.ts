/**
 * Read-only: how validators, queries and predicates run (S9).
 *
 * Owns: the scope they run in, and finding one that changed a field. Does not own: what they are for.
 *
 * Invariant: code run here has no effect, draws nothing and knows no time; in checked steps (tests, development, a
 * sample of production) a field it changed is a determinism fault naming it.
 */

import { DeterminismFault } from '../errors';
import { keyText } from '../model/identity';
import type { Instance } from './instance';
import { ReadOnlyScope } from './invocation';
import { runSync } from './running';

/** Runs `body`; `what` names it in errors: `the validator mayRedeem()`. */
export function readOnly<T>(instance: Instance, what: string, body: () => T): T {
  const { step, environment } = instance;
  const replaying = step?.replaying ?? false;
  const scope = new ReadOnlyScope(keyText(instance.key), what, { home: instance, muted: replaying });
  const before = !replaying && environment.checked() ? instance.encode() : null;
  try {
    return runSync(scope, body);
  } finally {
    if (before !== null) assertUnchanged(instance, before, what);
  }
}

function assertUnchanged(instance: Instance, before: Uint8Array, what: string): void {
  if (!instance.changedSince(before)) return;
  const fault = new DeterminismFault(
    `${keyText(instance.key)}: ${what} changed a field; it may only read: change fields in a signal, an update or run()`,
  );
  if (instance.quiet) instance.reset(before);
  else instance.strayed(fault);
  throw fault;
}
