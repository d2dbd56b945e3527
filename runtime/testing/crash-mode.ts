/**
 * Crash mode: puts an entity out of memory after its steps, loads it again in every way there is, and compares (S3, S24).
 *
 * Owns: after which steps, which loads, what a difference means. Does not own: images (`image`), loading (`loader`).
 *
 * After every step (up to CRASH_STEPS of an entity, then at doubling distances) the entity is replayed from its first
 * record and, while nothing is parked, restored from a snapshot; fields, bookkeeping and parked invocations must be
 * those of before. It goes on with the copy: with the restored one where there is one, so that state kept beside the
 * fields is gone for the next step, while the replay that follows still has it.
 */

import { decodeFields, sameBytes } from '../../framework/codec/fields';
import { Instance } from '../../framework/core/instance';
import { isPerdureError, PerdureError } from '../../framework/errors';
import type { EntityKey } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import { historyPage } from '../activation/history-view';
import { load } from '../activation/loader';
import type { Loaded, LoadFrom, Unwritten } from '../activation/loader';
import type { Rehearsal } from '../activation/rehearsal';
import { CRASH_STEPS, PAGE_ROWS } from '../config';
import type { Difference, Image } from './image';
import { differenceOf, imageOf, shown } from './image';

interface Subject {
  seq: number;
  steps: number;
  /** Steps until the next crash, past CRASH_STEPS, and the distance after it. */
  left: number;
  distance: number;
  /** What is about to be loaded again. */
  pending: { readonly instance: Instance; readonly image: Image } | null;
  /** The copy given up last, and its fields as they were then. */
  former: { readonly instance: Instance; readonly fields: Uint8Array } | null;
  /** First record replayed: the first of all, or where a host of a later build would begin. */
  base: number | null;
}

/** Details of a divergence error. */
interface Diverged {
  readonly fields?: readonly string[];
  readonly fact?: string;
  readonly replayed?: Readonly<Record<string, unknown>>;
}

export class CrashMode implements Rehearsal {
  private readonly subjects = new Map<string, Subject>();
  private deployed = false;

  /** `every`: steps from crash to crash; null for the default. `report` is told of each fault. */
  constructor(
    private readonly every: number | null,
    private readonly report: (fault: PerdureError) => void,
  ) {}

  /** Other code runs from now on: what old records did before the last snapshot need not be what it would do. */
  codeChanged(): void {
    this.deployed = true;
    for (const subject of this.subjects.values()) subject.base = null;
    this.forget();
  }

  /** The host is gone: nothing is pending any more. */
  forget(): void {
    for (const subject of this.subjects.values()) subject.pending = null;
  }

  due(key: EntityKey, instance: Instance | null, seq: number): boolean {
    const subject = this.subject(key);
    if (instance === null || seq <= subject.seq) return false;
    subject.seq = seq;
    subject.steps += 1;
    this.checkFormer(keyText(key), subject);
    if (!this.wanted(subject)) return false;
    subject.pending = { instance, image: imageOf(instance) };
    return true;
  }

  async load(from: LoadFrom, unwritten: Unwritten | null): Promise<Loaded> {
    const subject = this.subject(from.key);
    const { pending } = subject;
    subject.pending = null;
    if (pending === null) return load(from, unwritten);
    const { instance: live, image } = pending;
    const replay = await this.replay(from, unwritten, image);
    const restored = live.quiet ? restore(live) : null;
    const restoring = restored === null ? null : differenceOf(image, imageOf(restored), 'after a restore');
    const fault = replay.difference ?? (restoring !== null && restoring.facts.length > 0 ? restoring : null);
    if (fault !== null) {
      const again = await this.replay(from, unwritten, image);
      this.report(await this.faultOf(from, subject.seq, fault, again.text === replay.text));
    }
    const instance = fault === null ? (restored ?? replay.instance) : live;
    if (instance !== live) subject.former = { instance: live, fields: image.fields };
    return { instance, link: null, build: '', turnsSinceSnapshot: 0 };
  }

  /** Finds writes by code that ran after its step, in copies that were given up (S3). */
  checkStrays(): void {
    for (const [name, subject] of this.subjects) this.checkFormer(name, subject);
  }

  private subject(key: EntityKey): Subject {
    const name = keyText(key);
    const known = this.subjects.get(name);
    if (known !== undefined) return known;
    const base = this.deployed ? null : 1;
    const made = { seq: 0, steps: 0, left: 1, distance: 1, pending: null, former: null, base };
    this.subjects.set(name, made);
    return made;
  }

  private wanted(subject: Subject): boolean {
    if (this.every !== null) return subject.steps % this.every === 0;
    if (subject.steps <= CRASH_STEPS) return true;
    subject.left -= 1;
    if (subject.left > 0) return false;
    subject.distance *= 2;
    subject.left = subject.distance;
    return true;
  }

  /** Null difference: equal. `text` tells two replays apart. */
  private async replay(
    from: LoadFrom,
    unwritten: Unwritten | null,
    image: Image,
  ): Promise<{ instance: Instance | null; difference: Difference | null; text: string }> {
    try {
      const { instance } = await load({ ...from, session: await this.wholeHistory(from) }, unwritten);
      if (instance === null) return { instance, difference: { fields: [], facts: ['it has no history'] }, text: '' };
      const difference = differenceOf(image, imageOf(instance), 'after a replay');
      return { instance, difference: difference.facts.length > 0 ? difference : null, text: difference.facts.join() };
    } catch (error) {
      if (!isPerdureError(error) || error.reason !== 'divergence') throw error;
      const { fields = [], fact = error.message, replayed = {} } = (error.details ?? {}) as Diverged;
      const live = decodeFields(image.fields);
      const values = fields.map((name) => `${name} was ${shown(live.get(name))}, replayed ${shown(replayed[name])}`);
      const facts = [`a replay diverges: ${[fact, ...values].join('; ')}`];
      return { instance: null, difference: { fields, facts }, text: facts.join() };
    }
  }

  private async wholeHistory({ session, key }: LoadFrom): Promise<LoadFrom['session']> {
    const subject = this.subject(key);
    subject.base ??= (await session.load(key)).rows[0]?.seq ?? 1;
    const { base } = subject;
    return { load: () => session.rows(key, base, PAGE_ROWS), rows: (...args) => session.rows(...args) };
  }

  private async faultOf({ session, key }: LoadFrom, seq: number, found: Difference, steady: boolean) {
    const { entries } = await historyPage(session, key, seq, 1);
    const step = `record ${seq} (${entries.at(-1)?.input ?? 'unknown'})`;
    const [reason, kind, cure] = steady
      ? ['lost_field', 'lost field', 'something is kept beside the fields and went with the object']
      : ['hidden_randomness', 'hidden randomness', 'two replays of the same history differ'];
    const message =
      `${keyText(key)}: ${kind}: put out of memory after ${step} and loaded again, it is not the same: ` +
      `${found.facts.join('; ')}. ${cure}: keep state in declared fields alone, and take time and randomness from perdure`;
    return new PerdureError('internal', message, { reason, details: { seq, fields: found.fields } });
  }

  private checkFormer(name: string, subject: Subject): void {
    const { former } = subject;
    if (former === null) return;
    const { instance, fields } = former;
    if (instance.stray === null && !instance.changedSince(fields)) return;
    subject.former = null;
    const changed = instance.stray === null ? changedFields(instance, fields) : [];
    const fact = instance.stray?.message ?? `a field changed after its step had ended: ${changed.join(', ')}`;
    const cure = 'await what a handler starts, and nothing but durable promises';
    this.report(new PerdureError('internal', `${name}: ${fact}; ${cure}`, { reason: 'stray_write' }));
  }
}

function restore(live: Instance): Instance {
  const { key, definition, environment, ledger, recordedSchema } = live;
  const fields = live.encodeWithHashes().bytes;
  const restored = Instance.restored(key, definition, environment, ledger.image(), fields);
  restored.recordedSchema = recordedSchema;
  return restored;
}

function changedFields(instance: Instance, before: Uint8Array): string[] {
  try {
    const image = imageOf(instance);
    if (sameBytes(image.fields, before)) return [];
    const was = Instance.restored(instance.key, instance.definition, instance.environment, image.ledger, before);
    return [...differenceOf(imageOf(was), image, '').fields];
  } catch (error) {
    return [(error as Error).message];
  }
}
