/**
 * Model of the crash loop: which messages were sent, what each was told, and what the entities must therefore hold.
 *
 * Owns: the messages and their verdicts. Does not own: processes (`victim`), when anything is sent (`crash-loop`).
 *
 * A message whose answer was received must be there exactly once (or never, if that was the answer); any other at most
 * once. Messages of one caller to one entity stand in the order in which he sent them (C15).
 */

import type { Kind, Outcome } from './protocol.fixture';
import type { Random } from './random.fixture';

type State = Readonly<Record<string, readonly (string | number)[]>>;

interface Rule {
  readonly type: Kind;
  /** Lists that it adds its item to, in order; the last one holds it at the position that is answered. */
  readonly into: readonly string[];
  readonly effect?: boolean;
  /** Answers the position of the item. */
  readonly position?: boolean;
  /** Code and reason of its refusal. */
  readonly refused?: readonly [string, string | null];
  /** Refused only if it would have been the first message of the entity: then nothing exists (S21). */
  readonly unborn?: boolean;
  /** Its refusal leaves no record (S13, S19). */
  readonly traceless?: boolean;
}

export const RULES: Readonly<Record<string, Rule>> = {
  add: { type: 'list', into: ['items'], position: true },
  push: { type: 'list', into: ['items'] },
  emit: { type: 'list', into: ['items'], position: true, effect: true },
  bounce: { type: 'list', into: [], refused: ['failed', 'bounced'] },
  sulk: { type: 'list', into: [], refused: ['failed', 'sulked'], unborn: true },
  stumble: { type: 'list', into: [], refused: ['internal', null], traceless: true },
  guarded: { type: 'list', into: [], refused: ['rejected', 'closed'], traceless: true },
  slow: { type: 'flow', into: ['items', 'done'], position: true, effect: true },
  doomed: { type: 'flow', into: ['items'], refused: ['failed', 'non_retryable'] },
  poke: { type: 'flow', into: ['pokes'] },
};
const METHODS = [
  'add',
  'add',
  'push',
  'push',
  'emit',
  'emit',
  'bounce',
  'sulk',
  'stumble',
  'guarded',
  'slow',
  'slow',
  'doomed',
  'poke',
];
const ENTITIES: Readonly<Record<Kind, number>> = { list: 6, flow: 6 };

export interface Message {
  readonly type: Kind;
  readonly entity: string;
  readonly method: string;
  readonly item: string;
  readonly caller: number;
  readonly number: number;
  /** Sent with an id of the caller's own. */
  readonly given: boolean;
  /** Received from the host; null as long as it is not. */
  outcome: Outcome | null;
}

export class Model {
  readonly problems: string[] = [];
  readonly messages = new Map<string, Message>();
  generation = 0;
  private count = 0;

  /** A message nobody has sent before, to an entity of the present generation. */
  next(random: Random, caller: number): Message {
    const method = random.of(METHODS);
    const type = this.rule(method).type;
    const number = (this.count += 1);
    const entity = `${type}-${this.generation}-${random.below(ENTITIES[type])}`;
    const item = `${caller}.${number}`;
    const message = { type, entity, method, item, caller, number, given: random.below(4) > 0, outcome: null };
    this.messages.set(item, message);
    return message;
  }

  /** Every entity of the present generation. */
  entities(): { readonly type: Kind; readonly entity: string }[] {
    return (['list', 'flow'] as const).flatMap((type) =>
      Array.from({ length: ENTITIES[type] }, (_, at) => ({ type, entity: `${type}-${this.generation}-${at}` })),
    );
  }

  /** The present entities have ended and were checked: others take their place. */
  nextGeneration(): void {
    this.generation += 1;
    this.messages.clear();
  }

  rule(method: string): Rule {
    const rule = RULES[method];
    if (rule === undefined) throw new Error(`no rule for ${method}`);
    return rule;
  }

  received(message: Message, outcome: Outcome): void {
    const { refused, unborn = false } = this.rule(message.method);
    const right = outcome.ok
      ? refused === undefined || unborn
      : refused?.[0] === outcome.code && refused[1] === outcome.reason;
    if (!right) this.problem(`${describe(message)} was answered ${JSON.stringify(outcome)}`);
    message.outcome = outcome;
  }

  problem(fact: string): void {
    this.problems.push(fact);
  }

  /** Compares what an entity says it holds with what it must hold. */
  check(entity: string, state: State): void {
    for (const [name, list] of Object.entries(state))
      if (name !== 'rung' && name !== 'rounds') this.checkList(entity, name, list);
    for (const message of this.messages.values()) if (message.entity === entity) this.checkMessage(message, state);
    const rounds = state['rounds'] ?? [];
    if (rounds.some((round, at) => round !== `${entity}/round-${at}`))
      this.problem(`${entity} has the rounds ${rounds.join()}`);
    const rung = state['rung'] ?? [];
    if (rung.some((count, at) => at > 0 && count <= (rung[at - 1] ?? 0)))
      this.problem(`${entity} was rung ${rung.join()}`);
  }

  private checkList(entity: string, name: string, list: readonly (string | number)[]): void {
    if (new Set(list).size !== list.length) this.problem(`${entity}.${name} holds an item twice: ${list.join()}`);
    const last = new Map<number, number>();
    for (const item of list) {
      const message = this.messages.get(String(item));
      if (message?.entity !== entity || !this.rule(message.method).into.includes(name)) {
        this.problem(`${entity}.${name} holds ${item}, which does not belong there`);
        continue;
      }
      if (message.number < (last.get(message.caller) ?? 0))
        this.problem(`${entity}.${name} holds ${item} out of order`);
      last.set(message.caller, message.number);
    }
  }

  private checkMessage(message: Message, state: State): void {
    const { outcome, item, method } = message;
    const { into, position } = this.rule(method);
    const found = into.filter((name) => state[name]?.includes(item));
    if (outcome === null && found.length > 1 && !found.includes(into[0] ?? ''))
      this.problem(`${describe(message)} is half there`);
    if (outcome === null) return;
    if (found.length !== into.length) this.problem(`${describe(message)} was acknowledged and is lost`);
    const at = into.at(-1);
    if (!position || !outcome.ok || at === undefined) return;
    if (state[at]?.[Number(outcome.value) - 1] !== item)
      this.problem(`${describe(message)} was told ${String(outcome.value)}`);
  }

  /** Compares the book of effects with the states: each at least once, under one key that nothing else has (S15). */
  checkEffects(book: string, states: ReadonlyMap<string, State>): void {
    const keys = new Map<string, string>();
    const items = new Map<string, string>();
    for (const line of book.split('\n').slice(0, -1)) {
      const [key = '', item = ''] = line.split('\t');
      if ((keys.get(item) ?? key) !== key) this.problem(`effect ${item} has the keys ${key} and ${keys.get(item)}`);
      if ((items.get(key) ?? item) !== item) this.problem(`key ${key} stands for ${item} and ${items.get(key)}`);
      keys.set(item, key);
      items.set(key, item);
    }
    for (const [entity, state] of states) {
      for (const round of state['rounds'] ?? [])
        if (!keys.has(`${round}/a`) || !keys.has(`${round}/b`)) this.problem(`an effect of ${round} never happened`);
      for (const message of this.messages.values())
        if (message.entity === entity) this.checkEffect(message, state, keys);
    }
  }

  private checkEffect(message: Message, state: State, keys: ReadonlyMap<string, string>): void {
    const { effect, into } = this.rule(message.method);
    const happened = keys.has(message.item);
    const applied = into[0] !== undefined && (state[into[0]]?.includes(message.item) ?? false);
    if (happened && !(effect && applied)) this.problem(`${describe(message)} had an effect without being on record`);
    if (!happened && effect && applied) this.problem(`the effect of ${describe(message)} never happened`);
  }
}

/** Such a message is a new one when it is sent again (S13). */
export function leftNoRecord({ traceless = false, unborn = false }: Rule, outcome: Outcome): boolean {
  return traceless || (unborn && !outcome.ok);
}

export function describe({ item, method, entity }: Message): string {
  return `${method}(${item}) to ${entity}`;
}
