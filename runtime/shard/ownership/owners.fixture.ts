/**
 * Owners: ownerships of one shard, one after another, over the model of a cluster's store, on a clock that tests move.
 *
 * Owns: sessions and epochs, and writes of the directory that are kept back. Does not own: entities (the rows are turns
 * with nothing in them).
 */

import { encodeRecord, recordHash } from '../../../framework/codec/record';
import type { Link } from '../../../framework/core/history';
import { ROW_KIND } from '../../../framework/core/history';
import { PerdureError } from '../../../framework/errors';
import type { EntityKey } from '../../../framework/model/identity';
import type { ClusterStore, IndexPart, Listing, WriteOutcome } from '../../ports/cluster-store';
import type { Append, EntityIndex } from '../../ports/history-store';
import { ClusterModel } from '../../sim/store/cluster-model.fixture';
import { ManualClock } from '../../testing/manual-clock';
import { Directory, directoryPart } from '../directory';
import { OwnedSession } from './owned-session';
import { SessionGuard } from './session-guard';

export const SHARD = 0;

export function listedIndex(points: number, more: Partial<EntityIndex> = {}): EntityIndex {
  const index = { status: 'active', wakeAt: null, open: false, build: 'b', createdAt: 1, updatedAt: 1 } as const;
  return { ...index, fields: { points }, ...more };
}

interface Held {
  readonly listings: readonly Listing[];
  go(outcome: WriteOutcome): void;
}

export class Owners {
  readonly clock = new ManualClock();
  readonly model = new ClusterModel(1);
  readonly directory = new Directory(this.model);
  /** Rows of the directory on their way, while `holding`. */
  readonly held: Held[] = [];
  holding = false;
  /** Of the next owner. */
  build = 'b';
  /** Rows of the directory written, in order. */
  readonly written: Listing[] = [];
  private epoch = 0;
  private readonly tails = new Map<string, Link>();

  /** The next epoch's owner; those before are dead unless they gave the shard back. */
  async next(): Promise<OwnedSession> {
    this.epoch += 1;
    await this.model.setBorn(`s-${this.epoch}`);
    return this.same();
  }

  /** Another session object of the present epoch, which knows nothing of what was done in it. */
  async same(): Promise<OwnedSession> {
    const { clock, epoch, build } = this;
    const name = `s-${epoch}`;
    const store = this.store();
    const guard = new SessionGuard(name, store, clock);
    return this.wait(OwnedSession.open({ store, guard, clock, shard: SHARD, epoch, build }));
  }

  async kill(session: OwnedSession): Promise<void> {
    await this.model.setDead(`s-${session.epoch}`);
  }

  /** As a loaded entity would be, with this index. */
  async adopt(session: OwnedSession, key: EntityKey, index: EntityIndex): Promise<void> {
    const { rows } = await this.wait(session.load(key));
    const last = rows.at(-1);
    if (last !== undefined) this.tails.set(key.id, { seq: last.seq, epoch: last.epoch, hash: recordHash(last.bytes) });
    await this.wait(session.adopted(key, index));
  }

  /** As `adopt`, by code that runs while the clock is moved. */
  async adoptWithin(session: OwnedSession, key: EntityKey, index: EntityIndex): Promise<void> {
    await session.load(key);
    await session.adopted(key, index);
  }

  /** A turn of each entity, all at once. */
  turns(session: OwnedSession, keys: readonly EntityKey[], index: EntityIndex): Promise<readonly string[]> {
    return this.wait(session.append(keys.map((key) => this.record(session, key, index))));
  }

  /** The next turn of the entity; not fenced. */
  async turn(session: OwnedSession, key: EntityKey, index: EntityIndex | null): Promise<string> {
    const append = this.record(session, key, index);
    const [result] = await this.wait(session.append([append]));
    return result ?? 'none';
  }

  async listed(id: string): Promise<unknown> {
    const listing = await this.model.listing(directoryPart({ namespace: 'default', type: 't', id }), id);
    return listing && listing.index.fields['points'];
  }

  async unlistedParts(): Promise<readonly IndexPart[]> {
    const parts = (await this.model.parts(SHARD)).filter(({ kind }) => kind === 'unlisted');
    const filled: IndexPart[] = [];
    for (const part of parts) if ((await this.model.entries(SHARD, part, null, 1)).length > 0) filled.push(part);
    return filled;
  }

  /** Moves the clock until the promise has settled. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const note = (): void => void (settled = true);
    promise.then(note, note);
    for (let tries = 0; !settled && tries < 2_000; tries += 1) await this.clock.advance(1);
    if (!settled) throw new PerdureError('internal', 'what the test waits for has not settled within 2 s');
    return promise;
  }

  private record(session: OwnedSession, key: EntityKey, index: EntityIndex | null): Append {
    const prev = this.tails.get(key.id) ?? null;
    const seq = (prev?.seq ?? 0) + 1;
    const { epoch } = session;
    const shared = { compared: 1, birth: null, entries: [], digest: null, schema: null };
    const bytes = encodeRecord({ kind: 'turn', seq, epoch, prev, build: this.build, ...shared });
    this.tails.set(key.id, { seq, epoch, hash: recordHash(bytes) });
    return { key, row: { seq, epoch, kind: ROW_KIND.turn, bytes }, index };
  }

  private store(): ClusterStore {
    const { model } = this;
    const writeListings: ClusterStore['writeListings'] = async (part, listings) => {
      if (this.holding) {
        const outcome = await new Promise<WriteOutcome>((go) => this.held.push({ listings, go }));
        if (outcome !== 'ok') return outcome;
      }
      this.written.push(...listings);
      return model.writeListings(part, listings);
    };
    return new Proxy<ClusterStore>(model, {
      get: (target, name) => {
        if (name === 'writeListings') return writeListings;
        const found: unknown = Reflect.get(target, name, target);
        return typeof found === 'function' ? (found.bind(target) as unknown) : found;
      },
    });
  }
}
