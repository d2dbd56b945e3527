/**
 * Export: histories as JSON for the real Porcupine (`porcupine/`), which judges them again with models of its own.
 *
 * Owns: the shape of the file. Does not own: running the program.
 *
 * Times become whole numbers in the same order; keys and clients stay names; an open operation has `return: null`.
 */

import type { Operation } from './history';
import { byKey, isClosed } from './history';

/** The models that the Go program knows, by the names of ours. */
export type ExportedModel = 'list' | 'counter' | 'account' | 'register' | 'transfers';

export interface ExportedOperation {
  readonly client: string;
  readonly input: unknown;
  /** Absent if unknown. */
  readonly output?: unknown;
  readonly call: number;
  readonly return: number | null;
}

/** The operations of one key. */
export interface ExportedHistory {
  readonly name: string;
  readonly model: ExportedModel;
  readonly operations: readonly ExportedOperation[];
}

/** One history for each key, called `name` and the key. Transfers are exported as debits and credits. */
export function exportHistory(
  name: string,
  model: ExportedModel,
  operations: readonly Operation<unknown, unknown>[],
): ExportedHistory[] {
  return [...byKey(operations)].map(([key, ofOneKey]) => {
    const times = new Set(ofOneKey.flatMap(({ invokedAt, returnedAt }) => [invokedAt, returnedAt ?? invokedAt]));
    const ranks = new Map([...times].sort((a, b) => a - b).map((time, rank) => [time, rank]));
    const exported = ofOneKey.map((operation): ExportedOperation => {
      const { client, op, invokedAt, returnedAt } = operation;
      const call = ranks.get(invokedAt) ?? 0;
      if (!isClosed(operation)) return { client, input: op, call, return: null };
      return { client, input: op, output: operation.output, call, return: ranks.get(returnedAt ?? invokedAt) ?? 0 };
    });
    return { name: `${name}/${key}`, model, operations: exported };
  });
}
