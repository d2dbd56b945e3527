/**
 * Replay: an entity's state from its history (S24 to S28).
 *
 * Owns: applying records in order to an instance, checking the chain, comparing consequences and digests.
 * Does not own: reading rows, yielding between records (the caller does both).
 *
 * Invariants: no effect leaves a replay; an undone entry runs no code (S17); the recorded consequences are folded, so a
 * difference that is not compared does not change what happens next (S26).
 */

import { sameBytes } from '../codec/fields';
import { PerdureError } from '../errors';
import type { EntityDefinition } from '../model/definition';
import type { EntityKey, Position } from '../model/identity';
import { keyText } from '../model/identity';
import { isPlanted } from '../planted-bugs';
import { compareConsequences, differingFields, divergence } from './compare';
import { runStep } from './execute';
import { fold, inputOf } from './fold';
import type { ApplyEntry, Entry, FieldHashes, HistoryRecord, Link, SnapshotRecord, TurnRecord } from './history';
import type { Birth, CoreEnvironment } from './instance';
import { Instance } from './instance';
import { newStep } from './perform';

export class Replay {
  instance: Instance | null = null;
  /** The last record applied. */
  link: Link | null = null;
  /** Build of the last record, applied or being applied, that says something of the state. */
  build = '';
  turnsSinceSnapshot = 0;
  /** Epoch-millisecond time of the last entry. */
  private first = true;
  /** Called before each entry is applied. */
  onEntry: (() => void) | null = null;

  constructor(
    private readonly key: EntityKey,
    private readonly definition: EntityDefinition,
    private readonly environment: CoreEnvironment,
  ) {}

  /** Applies one record; `hash` is that of its bytes. With `verify` a digest in it is compared with the fields. */
  async record(record: HistoryRecord, hash: Uint8Array, verify: boolean): Promise<void> {
    this.checkLink(record);
    if (record.kind !== 'fence' && record.kind !== 'seal') this.build = record.build;
    switch (record.kind) {
      case 'snapshot':
        if (verify) this.checkSnapshot(record);
        this.restore(record);
        break;
      case 'turn':
        await this.turn(record, verify);
        break;
      case 'digest':
        if (this.instance !== null) this.instance.recordedSchema = record.schema;
        this.checkDigest(record.digest, { seq: record.seq, index: 0 }, verify);
        break;
      case 'fence':
      case 'seal':
        break;
    }
    this.link = { seq: record.seq, epoch: record.epoch, hash };
  }

  /** Begins an entity none of whose records is written yet. */
  begin(birth: Birth): void {
    this.instance ??= Instance.newborn(this.key, this.definition, this.environment, birth);
  }

  /** Applies entries that are not in a record yet: those of a turn that is being undone in part (S17). */
  async entries(seq: number, entries: readonly Entry[]): Promise<void> {
    for (const [index, entry] of entries.entries()) {
      this.onEntry?.();
      await this.entry(entry, { seq, index });
    }
  }

  private checkLink(record: HistoryRecord): void {
    const { link } = this;
    const wasFirst = this.first;
    this.first = false;
    if (wasFirst) return;
    const { prev } = record;
    const fits =
      link !== null && prev?.seq === link.seq && prev.epoch === link.epoch && sameBytes(prev.hash, link.hash);
    if (fits && record.seq === link.seq + 1) return;
    const message = `${keyText(this.key)}: record ${record.seq} does not follow record ${link?.seq}: its chain is broken; restore the store from a backup`;
    throw new PerdureError('internal', message, { reason: 'corrupt' });
  }

  /** Replayed past a snapshot: from then on the state is the snapshot's by definition (S24), and should equal ours. */
  private checkSnapshot(record: SnapshotRecord): void {
    if (this.instance === null) return;
    const stored = Instance.restored(this.key, this.definition, this.environment, record.ledger, record.fields);
    this.instance.recordedSchema = stored.schema;
    this.checkDigest(stored.hashes(), { seq: record.seq, index: 0 }, true);
  }

  private restore(record: SnapshotRecord): void {
    this.instance = Instance.restored(this.key, this.definition, this.environment, record.ledger, record.fields);
    this.instance.recordedSchema = record.schema;
    this.turnsSinceSnapshot = 0;
  }

  private async turn(record: TurnRecord, verify: boolean): Promise<void> {
    if (this.instance === null) {
      if (record.birth === null)
        throw new PerdureError('internal', `${keyText(this.key)}: its first record has no birth: it is damaged`, {
          reason: 'corrupt',
        });
      this.begin(record.birth);
    }
    await this.entries(record.seq, record.entries);
    if (record.schema !== null && this.instance !== null) this.instance.recordedSchema = record.schema;
    this.turnsSinceSnapshot += 1;
    if (record.digest !== null)
      this.checkDigest(record.digest, { seq: record.seq, index: record.entries.length - 1 }, verify);
  }

  private checkDigest(digest: FieldHashes, at: Position, verify: boolean): void {
    const { instance } = this;
    if (!verify || instance?.recordedSchema == null) return;
    const fields = differingFields(instance, instance.recordedSchema, digest);
    if (fields.length === 0) return;
    const shown = Object.fromEntries(fields.map((name) => [name, (instance.object as Record<string, unknown>)[name]]));
    throw this.divergence(at, `the fields ${fields.join(', ')} differ from what was recorded`, {
      fields,
      replayed: shown,
    });
  }

  private async entry(entry: Entry, at: Position): Promise<void> {
    const { instance } = this;
    if (instance === null)
      throw new PerdureError('internal', `${keyText(this.key)}: an entry before its birth`, { reason: 'corrupt' });
    if (entry.kind !== 'apply' || entry.undone !== null) fold(instance, entry, at, null, null);
    else await this.apply(instance, entry, at);
    instance.bytes = null;
  }

  private async apply(instance: Instance, entry: ApplyEntry, at: Position): Promise<void> {
    const step = newStep(
      instance,
      at,
      entry.time + (isPlanted('replay-at-another-time') ? 1 : 0),
      entry.consequences,
      null,
    );
    const running = runStep(instance, inputOf(instance, entry), step, null);
    const ran = running instanceof Promise ? await running : running;
    if (ran.failure !== null) {
      throw this.divergence(at, `recorded: the step succeeded; this build: it fails with ${ran.failure.message}`);
    }
    const difference = compareConsequences(entry.consequences, step.consequences);
    if (difference !== null) throw this.divergence(at, difference);
    fold(instance, entry, at, step, ran.began);
  }

  private divergence(at: Position, fact: string, details: Readonly<Record<string, unknown>> = {}): PerdureError {
    const { build } = this.environment;
    const builds = { recorded: this.build === '' ? build : this.build, present: build };
    return divergence(this.key, at, { fact, builds, details });
  }
}
