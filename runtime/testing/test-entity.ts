/**
 * Test entity: a host under test with one entity in the middle of it.
 *
 * Owns: the shape of `t`. Does not own: anything that happens (`test-host`), what is read (`view`).
 */

import type { Duration } from '../../framework/model/duration';
import type { Handle } from '../../framework/model/handle';
import type { PerdureClient } from '../client/types';
import type { EntityDescription, HeldDescription, HistoryEntry } from '../wire/description';
import type { ExportedHistory } from './exported-history';
import { writeHistory } from './exported-history';
import { testHost } from './test-host';
import type { TestHost, TestHostOptions } from './test-host';
import type { Scheduled, State, View } from './view';

export interface TestEntityOptions extends Omit<TestHostOptions, 'entities'> {
  /** Other classes that the host serves. */
  readonly entities?: TestHostOptions['entities'];
}

/**
 * One entity on a host of its own, in process, on virtual time. By default it is put out of memory and loaded again
 * after every step; what that finds fails the call and every later one. Nothing exists until a first message.
 */
export async function testEntity<T extends object>(
  entity: new () => T,
  id: string,
  options: TestEntityOptions = {},
): Promise<TestEntity<T>> {
  const host = await testHost({ ...options, entities: [entity, ...(options.entities ?? [])] });
  return new TestEntity(host, entity, id, await host.view(entity, id));
}

export class TestEntity<T> {
  constructor(
    /** For other entities beside this one. */
    readonly host: TestHost,
    ctor: new () => T,
    readonly id: string,
    private readonly view: View<T>,
  ) {
    this.handle = host.entity(ctor, id);
  }

  private handle: Handle<T>;

  /** Its methods, for a caller who waits as long as it takes. */
  get entity(): Handle<T> {
    return this.handle;
  }

  get client(): PerdureClient {
    return this.host.client;
  }

  get now(): Date {
    return this.host.now;
  }

  /** A copy of its fields. Throws `not_found` before its first message, and why it cannot be loaded if it cannot. */
  get state(): State<T> {
    return this.checked.state;
  }

  /** Open timers and activities, earliest first; activities that run come last. */
  get scheduled(): readonly Scheduled[] {
    return this.checked.scheduled;
  }

  /** Every entry, oldest first. */
  get history(): readonly HistoryEntry[] {
    return this.checked.history;
  }

  get description(): EntityDescription {
    return this.checked.description;
  }

  /** Why a bug or an operator holds it; null while nothing does. */
  get held(): HeldDescription | null {
    return this.checked.held;
  }

  /** See `TestHost.advance`. */
  advance(duration: Duration): Promise<void> {
    return this.host.advance(duration);
  }

  advanceTo(moment: Date | string | number): Promise<void> {
    return this.host.advanceTo(moment);
  }

  /** See `TestHost.settle`; needed only with `crash: false`, or after a call that is not awaited. */
  settle(): Promise<void> {
    return this.host.settle();
  }

  /** Loses everything that is not in the store; calls under way are sent again. */
  crash(): Promise<void> {
    return this.host.crash();
  }

  /** See `TestHost.deliverTwice`. */
  deliverTwice(): Promise<void> {
    return this.host.deliverTwice();
  }

  /**
   * Goes on with another build of the class on the same history. Answers this object under the new class's type. Rejects
   * with `internal`, reason `divergence`, and the differing fields in `details`, when the history does not replay; the
   * entity is then `diverged` until a build is deployed with which it does.
   */
  async deploy<U extends object>(entity: new () => U): Promise<TestEntity<U>> {
    await this.host.deploy(entity);
    const same = this as unknown as TestEntity<U>;
    same.handle = this.host.entity(entity, this.id);
    const { broken } = this.view;
    if (broken !== null) throw broken;
    return same;
  }

  /** Its history as JSON for `replay()`, written to a file where one is named. */
  async exportHistory(file?: string): Promise<ExportedHistory> {
    const exported = this.checked.exported();
    if (file !== undefined) await writeHistory(exported, file);
    return exported;
  }

  /** Throws the fault that no call has shown, if there is one. */
  stop(): Promise<void> {
    return this.host.stop();
  }

  private get checked(): View<T> {
    this.host.check();
    return this.view;
  }
}
