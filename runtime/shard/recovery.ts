/**
 * Recovery: loading the entities that have open work, so that it goes on although nobody asks (C9).
 *
 * Owns: going through the index of open work when a shard starts, until it has been read to its end; loading an entity
 * again that could not be loaded for a reason that may pass; taking back the mark of one that can be loaded after all.
 * Does not own: the index (`session`), what a loaded entity then does (`activation`).
 *
 * Invariant: a store that cannot be read delays recovery; only the end of the shard ends it.
 */

import { isPerdureError } from '../../framework/errors';
import type { EntityDefinition } from '../../framework/model/definition';
import type { EntityKey } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import type { Activation } from '../activation/activation';
import { sameIndex, watchedIndexOf } from '../activation/entity-index';
import { RECOVERY_IN_FLIGHT, RECOVERY_PAUSE_MS } from '../config';
import type { Clock } from '../ports/clock';
import type { StoreSession } from '../ports/history-store';
import type { Log } from '../ports/telemetry';

/** The shard as its recovery sees it. */
export interface Recovered {
  readonly session: StoreSession;
  readonly clock: Clock;
  readonly log: Log;
  definition(type: string): EntityDefinition | null;
  activation(key: EntityKey): Activation;
  due(key: EntityKey, wakeAt: number | null): void;
}

export class Recovery {
  /** The index of open work is being gone through. */
  running = false;
  private ended = false;

  constructor(
    private readonly shard: Recovered,
    private readonly namespace: string,
  ) {}

  /** Resolves when every entity with open work has been loaded or found broken, or the shard has ended. */
  async all(): Promise<void> {
    this.running = true;
    try {
      let after: EntityKey | null = null;
      while (!this.ended) {
        const keys = await this.page(after);
        await Promise.all(keys.map((key) => this.one(key)));
        after = keys.at(-1) ?? null;
        if (after === null) return;
      }
    } finally {
      this.running = false;
    }
  }

  /** Loads an entity; resolves once it is, or is found broken. */
  async one(key: EntityKey): Promise<void> {
    const { shard } = this;
    if (shard.definition(key.type) === null) {
      shard.log.warn({ entity: keyText(key) }, 'the entity has open work, but this build does not have its type');
      return;
    }
    const activation = shard.activation(key);
    const loaded = await new Promise<boolean>((told) =>
      activation.inspect(
        () => told(true),
        () => told(false),
      ),
    );
    if (loaded) await this.unmark(activation);
  }

  /** After a failure that may pass: unless nothing of the entity is open. */
  again(key: EntityKey): void {
    this.shard.clock.after(RECOVERY_PAUSE_MS, () => void this.reload(key));
  }

  end(): void {
    this.ended = true;
  }

  private async reload(key: EntityKey): Promise<void> {
    const { session } = this.shard;
    if (this.ended) return;
    const found = await session.index(key).catch(() => null);
    if (this.ended || found?.index.open === false) return;
    // What was written apart from the rows is not known before the entity has been loaded.
    if (found !== null || session.adopted !== undefined) await this.one(key);
  }

  private async page(after: EntityKey | null): Promise<readonly EntityKey[]> {
    const { session, clock, log } = this.shard;
    while (!this.ended) {
      try {
        return await session.openWork(this.namespace, after, RECOVERY_IN_FLIGHT);
      } catch (error) {
        if (!isPerdureError(error) || error.code !== 'unavailable') throw error;
        log.warn({ error }, 'open work cannot be read yet; trying again');
        await new Promise<void>((resolve) => clock.after(RECOVERY_PAUSE_MS, resolve));
      }
    }
    return [];
  }

  /** A new build can load what an old one could not. */
  private async unmark(activation: Activation): Promise<void> {
    const { key, name, instance } = activation;
    const { session, log } = this.shard;
    if (instance === null) return;
    try {
      const found = await session.index(key);
      const index = watchedIndexOf(activation, instance);
      const broken = found?.index.status === 'diverged' || found?.index.status === 'corrupt';
      if (!broken || sameIndex(found.index, index)) return;
      await session.mark(key, index);
      this.shard.due(key, index.wakeAt);
    } catch (error) {
      log.warn({ entity: name, error }, 'the mark of an entity that is sound again could not be taken back yet');
    }
  }
}
