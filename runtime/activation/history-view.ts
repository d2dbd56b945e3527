/**
 * History view: records as `history` shows them, values decoded where they can be.
 */

import { decodeValue } from '../../framework/codec/value';
import type { Consequence, Entry, HistoryRecord, Input, Outcome } from '../../framework/core/history';
import type { EntityKey } from '../../framework/model/identity';
import type { StoreSession } from '../ports/history-store';
import type { HistoryEntry, HistoryPage } from '../wire/description';
import { inputText } from './describe';
import { readRow } from './loader';
import { idText } from './replies';

/** At most `limit` entries, or those of one record if it has more. */
export async function historyPage(
  session: Pick<StoreSession, 'rows'>,
  key: EntityKey,
  fromSeq: number,
  limit: number,
): Promise<HistoryPage> {
  const page = await session.rows(key, fromSeq, limit);
  const entries: HistoryEntry[] = [];
  for (const row of page.rows) {
    const shown = showRecord(readRow(key, row).record);
    if (entries.length > 0 && entries.length + shown.length > limit) return { entries, next: row.seq };
    entries.push(...shown);
  }
  return { entries, next: page.next };
}

export function showRecord(record: HistoryRecord): HistoryEntry[] {
  const { seq, build, kind } = record;
  if (kind !== 'turn') return [{ seq, index: 0, kind, time: null, build, input: kind, detail: {} }];
  return record.entries.map((entry, index) => ({
    seq,
    index,
    kind: entry.kind,
    time: entry.time,
    build,
    ...showEntry(entry),
  }));
}

function showEntry(entry: Entry): Pick<HistoryEntry, 'input' | 'detail'> {
  switch (entry.kind) {
    case 'admit':
      return {
        input: inputText(entry.input),
        detail: { ...showInput(entry.input), ...(entry.held && { held: entry.held.failure }) },
      };
    case 'hold':
      return { input: 'hold', detail: { admitted: entry.admitted, held: entry.held.failure } };
    case 'apply': {
      const { source } = entry;
      const detail = {
        consequences: entry.consequences.map(showConsequence),
        ...(entry.undone && { undone: entry.undone }),
      };
      if ('admitted' in source) return { input: `admitted ${source.admitted.seq}.${source.admitted.index}`, detail };
      return { input: inputText(source.input), detail: { ...showInput(source.input), ...detail } };
    }
  }
}

function showInput(input: Input): Record<string, unknown> {
  switch (input.kind) {
    case 'message':
      return { id: idText(input.id), attempt: input.attempt, args: shown(input.args) };
    case 'activity':
    case 'promise':
      return { outcome: showOutcome(input.outcome) };
    case 'operator':
      return { reason: input.reason };
    default:
      return {};
  }
}

function showConsequence(one: Consequence): Record<string, unknown> {
  switch (one.kind) {
    case 'activity':
      return {
        kind: one.kind,
        effect: one.effect,
        name: `${one.group}.${one.method}`,
        args: shown(one.args),
        awaited: one.awaited,
      };
    case 'timer':
      return {
        kind: one.kind,
        effect: one.effect,
        purpose: one.purpose,
        due: one.due,
        ...(one.method && { method: one.method }),
      };
    case 'sideEffect':
      return { kind: one.kind, value: shown(one.value) };
    case 'outcome':
      return { kind: one.kind, invocation: one.owner, outcome: showOutcome(one.outcome) };
    default:
      return { ...one };
  }
}

function showOutcome(outcome: Outcome): Record<string, unknown> {
  return outcome.ok ? { ok: true, value: shown(outcome.value) } : { ok: false, failure: outcome.failure };
}

/** A value that today's code cannot decode is shown by its length. */
function shown(bytes: Uint8Array): unknown {
  try {
    return decodeValue(bytes);
  } catch {
    return `(${bytes.length} bytes that this build cannot decode)`;
  }
}
