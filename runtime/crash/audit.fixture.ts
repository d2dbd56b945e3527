/**
 * Audit: what must be true of a directory after any number of kills.
 *
 * Owns: the questions put to a living host, and the reading of its directory once it is dead: every row decodes, chains
 * are whole, a replay from the first record is what queries answered.
 * Does not own: what each entity must hold (`model`).
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sqliteStore } from '../store/embedded/sqlite-store';
import { verifyStore } from '../store/verify-store';
import { Flow, List } from './entities.fixture';
import { describe, leftNoRecord } from './model.fixture';
import type { Message, Model } from './model.fixture';
import type { Kind, Outcome } from './protocol.fixture';
import type { Random } from './random.fixture';
import { replayed } from './replayed.fixture';
import type { Victim } from './victim.fixture';

type State = Readonly<Record<string, readonly (string | number)[]>>;

/** A crash loop as its audit sees it. */
export interface Audited {
  readonly model: Model;
  readonly random: Random;
  /** Holds the store's directory `data` and the book of effects. */
  readonly directory: string;
  readonly effects: string;
}

const RESENT_SAMPLE = 60;

export async function audit(loop: Audited, victim: Victim, finish: boolean): Promise<void> {
  const { model, directory } = loop;
  const flows = model.entities().filter(({ type }) => type === 'flow');
  await Promise.all(
    flows.map(({ entity }) => (finish ? finishFlow(loop, victim, entity) : rest(loop, victim, entity))),
  );
  if (finish) await Promise.all(model.entities().map(({ type, entity }) => finishEffects(victim, type, entity)));
  await resendSome(loop, victim);
  const states = new Map<string, State>();
  for (const { type, entity } of model.entities()) {
    const outcome = await ask(victim, type, entity, 'state', []);
    if (outcome.ok) states.set(entity, outcome.value as State);
    else if (outcome.code !== 'not_found') model.problem(`${entity} answered ${JSON.stringify(outcome)}`);
  }
  if (finish && loop.random.below(2) === 0) await victim.ask({ kind: 'drain' });
  await victim.kill();
  for (const error of victim.errors) model.problem(`the host said: ${error}`);
  await readDirectory(loop, states, finish);
  for (const [entity, state] of states) model.check(entity, state);
  if (finish) model.checkEffects(readFileSync(loop.effects, 'utf8'), states);
  const { entities, rows, problems } = await verifyStore(join(directory, 'data'));
  for (const { fact } of problems) model.problem(fact);
  if (entities < states.size || rows < entities)
    model.problem(`only ${entities} entities and ${rows} rows were checked`);
}

/** The last reminder has come, `run()` has returned its rounds, and later messages are refused. */
async function finishFlow(loop: Audited, victim: Victim, entity: string): Promise<void> {
  const poke = await rest(loop, victim, entity);
  if (!poke) return;
  await ask(victim, 'flow', entity, 'finish', ['']);
  const result = await victim.ask({ kind: 'result', client: 0, type: 'flow', entity });
  const state = await ask(victim, 'flow', entity, 'state', []);
  const rounds = state.ok ? (state.value as State)['rounds'] : [];
  if (!result?.ok || result.value !== rounds?.length)
    loop.model.problem(`${entity} ended with ${JSON.stringify(result)} after ${rounds?.length} rounds`);
  const late = await ask(victim, 'flow', entity, 'poke', ['late']);
  if (late.ok || late.code !== 'completed')
    loop.model.problem(`${entity} has ended and answered ${JSON.stringify(late)}`);
}

/** Waits for its reminders; false for an entity that nothing was sent to. */
async function rest(loop: Audited, victim: Victim, entity: string): Promise<boolean> {
  if (![...loop.model.messages.values()].some((message) => message.entity === entity && message.outcome !== null))
    return false;
  const outcome = await ask(victim, 'flow', entity, 'rest', ['']);
  if (!outcome.ok) loop.model.problem(`the reminder of ${entity} is lost: ${JSON.stringify(outcome)}`);
  return outcome.ok;
}

async function finishEffects(victim: Victim, type: Kind, entity: string): Promise<void> {
  for (let busy = true; busy;) {
    const open = await victim.ask({ kind: 'busy', client: 0, type, entity });
    busy = open?.ok === true && open.value !== 0;
  }
}

/** The same id again gives the first outcome; with another payload it is a conflict (S12). */
async function resendSome({ model, random }: Audited, victim: Victim): Promise<void> {
  const answered = [...model.messages.values()].filter(
    ({ given, outcome, method }) => given && outcome !== null && !leftNoRecord(model.rule(method), outcome),
  );
  const sample = Array.from({ length: Math.min(RESENT_SAMPLE, answered.length) }, () => random.of(answered));
  for (const message of new Set(sample)) {
    const again = await resend(victim, message, message.item);
    const first = { ...message.outcome, duplicate: true };
    if (JSON.stringify({ ...again, duplicate: true }) !== JSON.stringify(first) || (again.ok && !again.duplicate))
      model.problem(`${describe(message)} was first told ${JSON.stringify(first)}, then ${JSON.stringify(again)}`);
    const other = await resend(victim, message, 'other');
    if (other.ok || other.code !== 'conflict')
      model.problem(`${describe(message)} took another payload: ${JSON.stringify(other)}`);
  }
}

function resend(victim: Victim, { type, entity, method, item }: Message, payload: string): Promise<Outcome> {
  return ask(victim, type, entity, method, [payload], item);
}

async function ask(
  victim: Victim,
  type: Kind,
  entity: string,
  method: string,
  args: readonly string[],
  messageId: string | null = null,
): Promise<Outcome> {
  const outcome = await victim.ask({ kind: 'call', client: 0, type, entity, method, args, messageId });
  return outcome ?? { ok: false, code: 'died', reason: null };
}

/** Replays every entity that was asked; what still moves by itself may have gone on since it answered. */
async function readDirectory(
  { model, directory }: Audited,
  states: ReadonlyMap<string, State>,
  finish: boolean,
): Promise<void> {
  const session = await sqliteStore({ directory: join(directory, 'data') }).open();
  try {
    for (const { type, entity } of model.entities()) {
      const key = { namespace: 'default', type: `crash-${type}`, id: entity };
      const object = (await replayed(session, type === 'list' ? List : Flow, key)) as State | null;
      for (const [name, told] of Object.entries(states.get(entity) ?? {})) {
        const held = object?.[name] ?? [];
        const same = finish || type === 'list' ? held.length === told.length : held.length >= told.length;
        if (!same || told.some((item, at) => item !== held[at]))
          model.problem(`${entity}.${name}: queries said ${told.join()}, its history says ${held.join()}`);
      }
    }
  } catch (error) {
    model.problem(String((error as Error).stack));
  } finally {
    await session.close();
  }
}
