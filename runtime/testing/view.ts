/**
 * View: one entity of a host under test, as it stands between two steps.
 *
 * Owns: reading state, open work, history and description at once, without a call. Does not own: when the entity has
 * come to rest (`test-host`).
 *
 * Invariant: what is handed out is a copy; nothing a test does to it reaches the entity.
 */

import { decodeFields, encodeFieldBytes } from '../../framework/codec/fields';
import { decodeRecord } from '../../framework/codec/record';
import { decodeValue } from '../../framework/codec/value';
import type { Instance } from '../../framework/core/instance';
import type { Failure } from '../../framework/core/history';
import { PerdureError } from '../../framework/errors';
import type { EntityKey } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import type { Activation } from '../activation/activation';
import { describeEntity } from '../activation/describe';
import { showRecord } from '../activation/history-view';
import { PAGE_ROWS } from '../config';
import type { Row } from '../ports/history-store';
import type { Shard } from '../shard/shard';
import type { EntityDescription, HeldDescription, HistoryEntry } from '../wire/description';
import { fromWireError, toWireError } from '../wire/errors';
import { exportRows } from './exported-history';
import type { ExportedHistory } from './exported-history';

/** The data fields of an entity class; protected ones are there too, unseen by the type. */
export type State<T> = { readonly [K in keyof T as T[K] extends (...args: never[]) => unknown ? never : K]: T[K] };

/** One thing that is still to happen. */
export type Scheduled = ScheduledTimer | ScheduledActivity;

export interface ScheduledTimer {
  readonly kind: 'timer';
  readonly purpose: 'sleep' | 'timeout' | 'again' | 'reminder' | 'every';
  /** Method that a reminder or `@Every` will call; empty otherwise. */
  readonly method: string;
  readonly due: Date;
}

export interface ScheduledActivity {
  readonly kind: 'activity';
  /** `group.method`. */
  readonly name: string;
  readonly args: readonly unknown[];
  /** The attempt that runs or comes next, from 1. */
  readonly attempt: number;
  readonly running: boolean;
  readonly lastFailure: Failure | null;
  /** When the next attempt starts; null while one runs. */
  readonly due: Date | null;
}

export class View<T> {
  private rows: Row[] = [];
  private trouble: PerdureError | null = null;

  constructor(
    private readonly key: EntityKey,
    private readonly shard: () => Shard,
  ) {}

  /** The fields. Throws `not_found` while the entity does not exist, and why it cannot be loaded if it cannot. */
  get state(): State<T> {
    const { object, definition } = this.instance;
    return Object.fromEntries(decodeFields(encodeFieldBytes(object, definition.fields))) as State<T>;
  }

  /** Open timers and activities, earliest first; those that run come last. */
  get scheduled(): readonly Scheduled[] {
    const { ledger } = this.instance;
    const timers = [...(ledger.timers?.values() ?? [])].map(({ purpose, method, due }): Scheduled => ({
      kind: 'timer',
      purpose,
      method,
      due: new Date(due),
    }));
    const running = new Map(
      this.shard()
        .runner.describe(this.key)
        .map((one) => [one.effect, one]),
    );
    const activities = [...(ledger.activities?.values() ?? [])].map((open): Scheduled => {
      const known = running.get(open.effect);
      return {
        kind: 'activity',
        name: `${open.group}.${open.method}`,
        args: decodeValue(open.args) as unknown[],
        attempt: known?.attempt ?? 1,
        running: known?.running ?? false,
        lastFailure: known?.lastFailure ?? null,
        due: known?.nextAttemptAt == null ? null : new Date(known.nextAttemptAt),
      };
    });
    const dueOf = ({ due }: Scheduled) => due?.getTime() ?? Infinity;
    return [...timers, ...activities].sort((a, b) => (dueOf(a) < dueOf(b) ? -1 : dueOf(a) > dueOf(b) ? 1 : 0));
  }

  /** Every entry, oldest first; empty while the entity does not exist. */
  get history(): readonly HistoryEntry[] {
    return this.rows.flatMap((row) => showRecord(decodeRecord(row.bytes)));
  }

  /** What `describe` says. Throws as `state`. */
  get description(): EntityDescription {
    const { instance } = this;
    return describeEntity(this.activation as Activation, instance, this.shard().runner.describe(this.key));
  }

  /** Why it is held; null while it is not. */
  get held(): HeldDescription | null {
    return this.exists ? this.description.held : null;
  }

  get exists(): boolean {
    if (this.trouble !== null) throw this.trouble;
    return this.activation?.instance?.ledger.born ?? false;
  }

  /** Why it cannot be loaded: `internal`, reason `divergence` or `corrupt`; null when it can. */
  get broken(): PerdureError | null {
    return this.trouble;
  }

  /** Throws `not_found` while the entity does not exist. */
  exported(): ExportedHistory {
    return exportRows(this.key, this.rows);
  }

  /** Brings it into memory where it has a history, and reads what is new of that. */
  async refresh(): Promise<void> {
    const { session } = this.shard();
    for (let next: number | null = this.rows.length + 1; next !== null;) {
      const page = await session.rows(this.key, next, PAGE_ROWS);
      for (const row of page.rows) if (row.seq === this.rows.length + 1) this.rows.push(row);
      next = page.next;
    }
    this.trouble = this.rows.length > 0 ? await this.load() : null;
  }

  private load(): Promise<PerdureError | null> {
    return new Promise((resolve) => {
      this.shard()
        .activation(this.key)
        .inspect(
          () => resolve(null),
          (error) => resolve(fromWireError(toWireError(error))),
        );
    });
  }

  private get activation(): Activation | null {
    return this.shard().resident(this.key);
  }

  private get instance(): Instance {
    if (this.trouble !== null) throw this.trouble;
    const instance = this.activation?.instance ?? null;
    if (instance === null || !instance.ledger.born) {
      throw new PerdureError('not_found', `${keyText(this.key)} does not exist: no message has created it yet`);
    }
    return instance;
  }
}
