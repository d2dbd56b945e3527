/**
 * Entity driver: one entity with a mailbox, a manual time and a history in memory, driven through the core's public
 * pieces. After every step the history is replayed from its first byte and compared with the living instance, and while
 * it is quiet a snapshot is restored and compared too; so every scenario is a replay test.
 */

import 'reflect-metadata';
import { failureIn, good, idText, imageOf, toldOf, valueIn } from './driver-values.fixture';
import type { Told } from './driver-values.fixture';
import { toFailure } from '../codec/failure';
import { decodeRecord, encodeRecord, recordHash } from '../codec/record';
import { decodeValue, encodeValue } from '../codec/value';
import { ActivityFailure, PerdureError } from '../errors';
import { definitionOf } from '../model/definition';
import type { EntityClass, EntityDefinition } from '../model/definition';
import type { EntityKey, MessageId } from '../model/identity';
import { choose } from './choose';
import type { Choice } from './choose';
import { hashPayload } from './dedupe';
import type { Entry, Failure, HistoryRecord, Input, Link } from './history';
import { Instance } from './instance';
import type { CoreEnvironment } from './instance';
import type { OpenActivity } from './ledger';
import { admit, perform, undo } from './perform';
import type { Performed, Source } from './perform';
import { answerQuery } from './query';
import { Replay } from './replay';
import { snapshotRecord, turnRecord } from './turn';

const { nextTick } = process;

export const drain = (done: () => void): void => queueMicrotask(() => nextTick(done));

export const KEY: EntityKey = { namespace: 'default', type: 'driven', id: 'E-1' };
export const START = Date.UTC(2026, 0, 1);
const SEED = [0x1234_5678, 0x9abc_def0] as const;

export interface DriverOptions {
  /** The instance is replaced by its replay after every step, as if the host died there. */
  readonly restarts?: boolean;
  readonly checked?: () => boolean;
  readonly maxStateBytes?: number;
  /** Steps in one record. */
  readonly turnSteps?: number;
  /** Replays are compared after every so many steps. */
  readonly compareEvery?: number;
}

interface Message {
  readonly input: Extract<Input, { kind: 'message' }>;
  readonly args: readonly unknown[];
}

export interface Sending {
  readonly id?: MessageId;
  readonly attempt?: number;
  readonly submitted?: boolean;
}

export class Driver {
  instance: Instance;
  time = START;
  definition: EntityDefinition;
  readonly rows: Uint8Array[] = [];
  readonly logs: unknown[][] = [];
  readonly told = new Map<string, Told>();
  /** Inputs of steps that ran, in order, for tests of order. */
  readonly steps: string[] = [];
  rebuilds = 0;
  lastFailure: Failure | null = null;
  readonly environment: CoreEnvironment;
  private entries: Entry[] = [];
  private link: Link | null = null;
  private readonly continuations: Input[] = [];
  private readonly messages: Message[] = [];
  private nextN = 1;
  private stepCount = 0;
  private retryHeld = false;

  constructor(
    ctor: EntityClass,
    private readonly options: DriverOptions = {},
  ) {
    this.definition = definitionOf(ctor);
    this.environment = {
      drain,
      build: 'build-1',
      checked: options.checked ?? (() => true),
      log: (_key, level, message, fields) => void this.logs.push([level, message, fields]),
      maxStateBytes: options.maxStateBytes ?? 1_048_576,
    };
    this.instance = this.newborn();
  }

  get state(): Record<string, unknown> {
    return { ...this.instance.object };
  }

  get seq(): number {
    return (this.link?.seq ?? 0) + 1;
  }

  get activities(): OpenActivity[] {
    return [...(this.instance.ledger.activities?.values() ?? [])];
  }

  /** Sends a message and runs everything that can run; answers what became of it. */
  async send(method: string, args: readonly unknown[] = [], more: Sending = {}): Promise<Told> {
    const id = this.post(method, args, more);
    await this.settle();
    return this.told.get(idText(id)) ?? { state: 'waiting' };
  }

  /** The value of an update that ends at once. */
  async ask(method: string, ...args: unknown[]): Promise<unknown> {
    return valueIn(await this.send(method, args));
  }

  /** The failure of a message that fails at once. */
  async refused(method: string, ...args: unknown[]): Promise<Failure> {
    return failureIn(await this.send(method, args));
  }

  /** Puts a message in the mailbox without running anything. */
  post(method: string, args: readonly unknown[] = [], more: Sending = {}): MessageId {
    const id = more.id ?? { session: 's', n: this.nextN++, doneBelow: 0 };
    const definition = this.definition.methods.get(method);
    const encoded = encodeValue(args, { classes: 'plain' });
    const built = definition?.args.build(decodeValue(encoded) as unknown[], method) ?? [];
    const kept = encodeValue(built, { classes: 'plain' });
    const message = definition?.kind === 'signal' ? 'signal' : 'update';
    const { attempt = 1, submitted = false } = more;
    this.messages.push({
      input: { kind: 'message', message, method, args: kept, id, attempt, submitted },
      args: built,
    });
    this.told.delete(idText(id));
    return id;
  }

  outcomeOf(id: MessageId): Told {
    return this.told.get(idText(id)) ?? { state: 'waiting' };
  }

  async deliver(input: Input): Promise<void> {
    this.continuations.push(input);
    await this.settle();
  }

  queue(input: Input): void {
    this.continuations.push(input);
  }

  /** The oldest open activity of that method succeeds. */
  async finish(method: string, value: unknown = undefined): Promise<void> {
    await this.deliver({ kind: 'activity', effect: this.effectOf(method), outcome: good(value) });
  }

  async breakDown(method: string, code = 'broken'): Promise<void> {
    const failure = toFailure(new ActivityFailure(code, `${method} is out of order`));
    await this.deliver({ kind: 'activity', effect: this.effectOf(method), outcome: { ok: false, failure } });
  }

  effectOf(method: string): number {
    const found = this.activities.find((one) => one.method === method);
    if (found === undefined) throw new Error(`no open activity ${method}`);
    return found.effect;
  }

  async complete(name: string, value: unknown): Promise<void> {
    await this.deliver({ kind: 'promise', name, outcome: good(value) });
  }

  async operator(action: 'hold' | 'resume' | 'skip' | 'terminate'): Promise<void> {
    await this.deliver({ kind: 'operator', action, reason: 'test' });
  }

  /** Lets time pass; each timer fires at its due time. */
  async advance(ms: number): Promise<void> {
    const target = this.time + ms;
    for (;;) {
      const { ledger } = this.instance;
      const due = ledger.wakeAt();
      if (due === null || due > target) break;
      this.time = Math.max(this.time, due);
      const [timer] = [...(ledger.timers?.values() ?? [])]
        .filter((one) => one.due === due && !ledger.hasAdmittedTimer(one.effect))
        .sort((a, b) => a.effect - b.effect);
      if (timer === undefined) break;
      await this.deliver({ kind: 'timer', effect: timer.effect });
    }
    this.time = target;
  }

  /** Tries the held input again. */
  async retry(): Promise<void> {
    this.retryHeld = true;
    await this.settle();
    this.retryHeld = false;
  }

  /** Skips the held input (S19). */
  async skip(): Promise<void> {
    const { held } = this.instance.ledger;
    if (held === null) throw new Error('nothing is held');
    const failure = {
      ...toFailure(new PerdureError('cancelled', 'skipped')),
      kind: 'cancelled',
      code: 'skipped',
    } as const;
    await this.take(undo(this.instance, { admitted: held }, failure, this.at, this.time));
    await this.settle();
  }

  query(method: string, ...args: unknown[]): unknown {
    return decodeValue(answerQuery(this.instance, method, args));
  }

  /** The same history under another class. */
  async deploy(ctor: EntityClass): Promise<void> {
    await this.close();
    this.definition = definitionOf(ctor);
    this.instance = await this.replayed();
    await this.settle();
  }

  async restart(): Promise<void> {
    await this.close();
    this.instance = await this.replayed();
  }

  /** Appends a snapshot row. */
  async snapshot(): Promise<{ name: string; bytes: Uint8Array }[]> {
    await this.close();
    const { record, segments } = snapshotRecord(this.instance, { seq: this.seq, epoch: 1, prev: this.link });
    this.append(record);
    return segments;
  }

  async settle(): Promise<void> {
    for (;;) {
      if (this.lookAtMessage()) continue;
      const choice = choose(this.instance, {
        continuation: this.continuations[0] ?? null,
        message: this.messages[0]?.input ?? null,
        retryHeld: this.retryHeld,
      });
      if (choice === null) {
        const message = this.messages.shift();
        if (message === undefined) return this.checkStill();
        this.told.set(idText(message.input.id), { state: 'ended' });
        continue;
      }
      await this.run(choice);
    }
  }

  records(): HistoryRecord[] {
    return this.rows.map((row) => decodeRecord(row));
  }

  /** All entries that were recorded, and those of the open turn. */
  allEntries(): Entry[] {
    const stored = this.records().flatMap((record) => (record.kind === 'turn' ? record.entries : []));
    return [...stored, ...this.entries];
  }

  /** A new instance from the first byte of the history. */
  async replayed(definition = this.definition): Promise<Instance> {
    const replay = new Replay(KEY, definition, this.environment);
    for (const row of this.rows) await replay.record(decodeRecord(row), recordHash(row), true);
    if (replay.instance === null) replay.begin({ time: START, seed: SEED });
    await replay.entries(this.seq, this.entries);
    if (replay.instance === null) throw new Error('there is no instance');
    return replay.instance;
  }

  async close(): Promise<void> {
    if (this.entries.length === 0) return;
    this.append(turnRecord(this.instance, { seq: this.seq, epoch: 1, prev: this.link }, this.entries));
    this.entries = [];
  }

  private newborn(): Instance {
    return Instance.newborn(KEY, this.definition, this.environment, { time: START, seed: SEED });
  }

  private get at() {
    return { seq: this.seq, index: this.entries.length };
  }

  private append(record: HistoryRecord): void {
    const bytes = encodeRecord(record);
    this.rows.push(bytes);
    this.link = { seq: record.seq, epoch: record.epoch, hash: recordHash(bytes) };
  }

  /** Deduplicates the first message; true when it was dropped. */
  private lookAtMessage(): boolean {
    const [message] = this.messages;
    if (message === undefined) return false;
    const { id, args } = message.input;
    const verdict = this.instance.ledger.dedupe.look(id, () => hashPayload(args));
    if (verdict.state === 'new') return false;
    this.messages.shift();
    this.told.set(idText(id), { state: verdict.state === 'done' ? 'repeat' : verdict.state });
    return true;
  }

  private async run(choice: Choice): Promise<void> {
    if (choice.kind === 'own') return this.perform({ input: choice.input, args: null }, choice.input, null);
    if (choice.kind === 'admitted') {
      this.retryHeld = false;
      return this.perform({ admitted: choice.admitted }, choice.admitted.input, null);
    }
    const message = choice.from === 'messages' ? (this.messages.shift() ?? null) : null;
    const input = message?.input ?? this.continuations.shift();
    if (input === undefined) throw new Error('choose() took from an empty mailbox');
    if (choice.kind === 'apply') return this.perform({ input, args: message?.args ?? null }, input, message);
    const entry = admit(this.instance, input, this.at, this.time);
    await this.take({ entry, outcomes: [], failure: null, rebuild: false });
  }

  private async perform(source: Source, input: Input, message: Message | null): Promise<void> {
    this.steps.push(input.kind === 'message' ? input.method : input.kind);
    const performed = await perform(this.instance, source, this.at, this.time);
    const { failure } = performed;
    this.lastFailure = failure;
    if (message !== null && failure !== null && performed.entry === null)
      this.told.set(idText(message.input.id), { state: 'failed', failure, recorded: false });
    await this.take(performed);
  }

  private async take({ entry, outcomes, rebuild }: Performed): Promise<void> {
    if (entry !== null) this.entries.push(entry);
    for (const { message, outcome } of outcomes) this.told.set(idText(message), toldOf(outcome));
    if (rebuild) {
      this.rebuilds += 1;
      this.instance = await this.replayed();
    }
    if (this.entries.length >= (this.options.turnSteps ?? 1)) await this.close();
    this.stepCount += 1;
    if (this.stepCount % (this.options.compareEvery ?? 1) === 0) await this.compare();
    if (this.options.restarts === true) this.instance = await this.replayed();
  }

  /** Where the living instance has nothing to do, neither has its replay. */
  private async checkStill(): Promise<void> {
    if (this.stepCount % (this.options.compareEvery ?? 1) !== 0) return;
    expect(choose(await this.replayed(), { continuation: null, message: null, retryHeld: false })).toBeNull();
  }

  /** Live, replayed and restored must be the same. */
  async compare(): Promise<void> {
    const living = imageOf(this.instance);
    expect(imageOf(await this.replayed())).toEqual(living);
    if (!this.instance.quiet) return;
    const ledger = this.instance.ledger.image();
    expect(imageOf(Instance.restored(KEY, this.definition, this.environment, ledger, this.instance.encode()))).toEqual(
      living,
    );
  }
}

/** Defines a scenario twice: with a resident instance, and with one that is replayed after every step. */
export function scenario(title: string, body: (options: DriverOptions) => Promise<void>): void {
  it(`${title}`, () => body({}));
  it(`${title}, with the host dying after every step`, () => body({ restarts: true }));
}
