/**
 * Replay: exported histories against today's classes, before they are deployed (S25, S26).
 *
 * Owns: finding the files, running each, one report of all divergences. Does not own: what diverges (`framework/core`).
 */

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { decodeFields } from '../../framework/codec/fields';
import { isPerdureError, PerdureError } from '../../framework/errors';
import { definitionsOf } from '../../framework/model/definition';
import type { EntityClass, EntityDefinition } from '../../framework/model/definition';
import type { EntityKey } from '../../framework/model/identity';
import { load } from '../activation/loader';
import { TurnLoop } from '../activation/turn-loop';
import { systemClock } from '../system/clock';
import { ensureTraps } from '../system/traps';
import type { ExportedHistory } from './exported-history';
import { readHistory, rowsOf } from './exported-history';

export interface ReplayOptions {
  /** `snapshot` (default): as a host loads it, from the last snapshot on. `start`: every record there is. */
  readonly from?: 'snapshot' | 'start';
}

export interface Replayed {
  /** Null for a history that was handed in as an object. */
  readonly file: string | null;
  readonly key: EntityKey;
  /** Build that wrote the last record. */
  readonly build: string;
  readonly records: number;
  /** Decoded fields at its end. */
  readonly state: Readonly<Record<string, unknown>>;
}

export interface ReplayFault {
  readonly file: string | null;
  readonly key: EntityKey;
  readonly error: PerdureError;
}

/**
 * Replays histories: a file, a pattern with `*` in the file's name, exported objects, or a list of these. Rejects with
 * `internal`, reason `divergence`, when one does not replay; `details` is the list of `ReplayFault`. Rejects with
 * `invalid_argument` when nothing matches, for a file that is no history, and for a type of which there is no class.
 */
export async function replay(
  histories: string | ExportedHistory | readonly (string | ExportedHistory)[],
  entities: readonly EntityClass[],
  options: ReplayOptions = {},
): Promise<readonly Replayed[]> {
  const definitions = definitionsOf(entities);
  const list = Array.isArray(histories) ? (histories as readonly (string | ExportedHistory)[]) : [histories];
  const found = (await Promise.all((list as readonly (string | ExportedHistory)[]).map(open))).flat();
  const faults: ReplayFault[] = [];
  const replayed: Replayed[] = [];
  const loop = new TurnLoop(systemClock, ensureTraps);
  for (const { file, history } of found) {
    const { key } = history;
    const definition = definitions.get(key.type);
    if (definition === undefined) {
      throw new PerdureError(
        'invalid_argument',
        `${file ?? 'a history'} is of ${key.type}: pass its class to replay()`,
      );
    }
    try {
      replayed.push({ file, ...(await replayOne(history, definition, loop, options.from ?? 'snapshot')) });
    } catch (error) {
      if (!isPerdureError(error)) throw error;
      faults.push({ file, key, error });
    }
  }
  if (faults.length === 0) return replayed;
  const lines = faults.map(({ file, error }) => `${file === null ? '' : `${file}: `}${error.message}`);
  const message = `${faults.length} of ${found.length} histories do not replay:\n${lines.join('\n')}`;
  throw new PerdureError('internal', message, { reason: 'divergence', details: faults });
}

interface Opened {
  readonly file: string | null;
  readonly history: ExportedHistory;
}

async function open(given: string | ExportedHistory): Promise<Opened[]> {
  if (typeof given !== 'string') return [{ file: null, history: given }];
  const files = await filesOf(given);
  if (files.length === 0) throw new PerdureError('invalid_argument', `${given} matches no file: nothing was replayed`);
  return Promise.all(files.map(async (file) => ({ file, history: await readHistory(file) })));
}

async function filesOf(pattern: string): Promise<string[]> {
  const { dir, base } = path.parse(pattern);
  if (dir.includes('*')) {
    throw new PerdureError('invalid_argument', `${pattern}: only the file's name may have a *, not its folder`);
  }
  if (!base.includes('*')) return [pattern];
  const parts = base.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const name = new RegExp(`^${parts.join('.*')}$`);
  const names = (await readdir(dir === '' ? '.' : dir)).filter((one) => name.test(one));
  return names.sort().map((one) => path.join(dir, one));
}

async function replayOne(
  history: ExportedHistory,
  definition: EntityDefinition,
  loop: TurnLoop,
  from: 'snapshot' | 'start',
): Promise<Omit<Replayed, 'file'>> {
  const { key, build, rows } = history;
  const source = rowsOf(history);
  const session = from === 'start' ? { ...source, load: () => source.rows(key, 1, Infinity) } : source;
  const environment = {
    drain: (done: () => void) => systemClock.drain(done),
    build: 'replay',
    checked: () => true,
    log: () => undefined,
    maxStateBytes: Infinity,
  };
  const { instance } = await load({ session, loop, environment, definition, key, poison: null });
  const state = instance === null ? {} : Object.fromEntries(decodeFields(instance.encodeWithHashes().bytes));
  return { key, build, records: rows.length, state };
}
