/**
 * Tenure: one shard at one session of a host, from taking its lease to giving it back (C3, C4).
 *
 * Owns: performing the lease's state machine, opening the shard once the lease is ours, closing it before the lease is
 * given back; one of these at a time. Does not own: the rules of the lease (`lease`), when to take or to give
 * (`holdings`), who may be marked dead (`death-marks`).
 *
 * Invariants:
 * 1. A lease is given back only when every write of its epoch is acknowledged and the epoch is closed for ever; if that
 *    does not come to pass within DRAIN_MS the session dies instead, and others take the shard by the rules.
 * 2. A shard that cannot be opened stays ours and is tried again, or is given back when placement says so.
 */

import { PerdureError } from '../../framework/errors';
import { isPlanted } from '../../framework/planted-bugs';
import { DRAIN_MS, HANDOVER_ACTIVITY_MS, REST_LOOK_MS } from '../config';
import type { Clock } from '../ports/clock';
import type { ClusterStore } from '../ports/cluster-store';
import type { Log } from '../ports/telemetry';
import { LeaseMachine, NOBODY } from '../shard/ownership/lease';
import type { Layout } from '../shard/ownership/layout';
import { OwnedSession } from '../shard/ownership/owned-session';
import type { SessionGuard } from '../shard/ownership/session-guard';
import { perform } from '../shard/ownership/takeover';
import type { Diverged, Shard } from '../shard/shard';
import type { IndexBounds } from '../shard/waking/consolidation';
import type { DeathMarks } from './death-marks';
import type { Reached } from './reached';
import type { InFlight } from './in-flight';
import type { Offers } from './offers';
import { pause } from './until-ok';

export interface TenureSettings {
  readonly store: ClusterStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly build: string;
  /** What differs from LAYOUT. */
  readonly layout?: Partial<Layout>;
  readonly indexBounds?: IndexBounds;
  readonly guard: SessionGuard;
  readonly marks: DeathMarks;
  /** Requests for leases, of all shards together. */
  readonly requests: InFlight;
  readonly nonce: () => string;
  readonly offers: Offers;
  readonly shardOn: (session: OwnedSession, diverged: Diverged) => Shard;
  /** Which shards are owned has changed. */
  readonly changed: () => void;
  readonly reached: Reached;
}

interface Serving {
  readonly session: OwnedSession;
  readonly shard: Shard;
}

export class Tenure {
  /** Whether placement wants the shard here. */
  wanted = false;
  private readonly machine: LeaseMachine;
  private serving: Serving | null = null;
  private leaving = false;
  private busy = false;
  /** Whether the shard is given back to an older build, once that is asked. */
  private offering: Promise<boolean> | null = null;
  private offered = false;

  constructor(
    readonly number: number,
    private readonly settings: TenureSettings,
  ) {
    this.machine = new LeaseMachine(settings.guard.session, settings.nonce);
  }

  /** What answers requests; null when others are to be asked. */
  get open(): Serving | null {
    return this.leaving || this.serving?.session.open !== true ? null : this.serving;
  }

  /** The shard as long as it is in memory, whether or not it takes requests. */
  get shard(): Shard | null {
    return this.serving?.shard ?? null;
  }

  /** Of the lease that this session holds, or may hold; null when it holds none. */
  get epoch(): number | null {
    const { state } = this.machine;
    return 'lease' in state ? state.lease.epoch : null;
  }

  /** To be given back, whatever placement says: an offer stands, and this epoch writes nothing more of its build. */
  get mustGo(): boolean {
    return this.offered;
  }

  /** Nothing is held, attempted or settled. */
  get free(): boolean {
    return !this.busy && this.machine.state.at === 'idle';
  }

  /** Goes on towards serving. Never rejects. */
  take(): Promise<void> {
    return this.alone('a shard could not be taken over', async () => {
      if (!this.wanted || this.serving !== null || this.offered) return;
      await this.claim();
      await this.begin();
    });
  }

  /** Comes to rest, then gives the lease back. Never rejects. */
  giveBack(): Promise<void> {
    return this.alone('a shard could not be given back', async () => {
      if (this.wanted && !this.offered) return;
      if (isPlanted('release-before-close')) await this.release().then(() => pause(this.settings.clock, DRAIN_MS));
      if (this.serving !== null && !(await this.end(this.serving))) return;
      await this.release();
    });
  }

  /** At the end of the session: nothing is appended, released or answered any more. */
  close(error: PerdureError): void {
    if (this.serving === null) return;
    const { session, shard } = this.serving;
    this.serving = null;
    void session.close();
    shard.close(error);
  }

  private async alone(failed: string, task: () => Promise<void>): Promise<void> {
    const { guard, log } = this.settings;
    if (this.busy || !guard.alive) return;
    this.busy = true;
    await task().catch((error: unknown) => log.warn({ error, shard: this.number }, failed));
    this.busy = false;
  }

  private async claim(): Promise<void> {
    const { machine } = this;
    const { store, marks, requests, changed, reached } = this.settings;
    if (machine.state.at === 'idle') {
      const found = await requests.run(() => store.lease(this.number));
      const mayMark = found !== null && found.owner !== NOBODY && (await marks.settle(found.owner));
      machine.on({ kind: 'wanted', found, mayMark });
      if (machine.state.at !== 'idle') reached(mayMark ? 'takeover' : 'claim');
    }
    const before = this.epoch;
    await this.perform();
    if (this.epoch !== before) changed();
  }

  private async begin(): Promise<void> {
    const { state } = this.machine;
    const { store, guard, clock, build, layout = {}, indexBounds, log, shardOn, reached } = this.settings;
    if (state.at !== 'owned' || !guard.alive) return;
    const bounds = { layout, ...(indexBounds === undefined ? {} : { indexBounds }) };
    const options = { store, guard, clock, shard: this.number, epoch: state.lease.epoch, build, ...bounds };
    const session = await OwnedSession.open(options).catch((error: unknown) => {
      reached('unopened');
      throw error;
    });
    if (!guard.alive) return session.close();
    const shard = shardOn(session, (entity, error) => this.diverged(session, entity, error));
    this.serving = { session, shard };
    this.leaving = this.offered = false;
    reached('epoch');
    shard
      .start()
      .catch((error: unknown) => log.error({ error, shard: this.number }, 'open work could not be recovered'));
  }

  /** An entity diverges under this build: an older one may have the shard back (S29). */
  private async diverged(session: OwnedSession, entity: string, error: PerdureError): Promise<PerdureError> {
    const { offers, log } = this.settings;
    this.offering ??= offers.make(this.number, session.touches).finally(() => (this.offering = null));
    if (!this.offered && !(await this.offering)) return error;
    if (!this.offered) {
      log.warn({ entity, shard: this.number, error }, 'this build diverges: the shard goes back to an older one');
      this.offered = true;
      void this.giveBack();
    }
    return goesBack(this.number, entity);
  }

  /** C4: once all that was issued is acknowledged, closed for ever. False when the session died instead. */
  private async end({ session, shard }: Serving): Promise<boolean> {
    const { clock, guard, reached } = this.settings;
    const until = clock.monotonicMs() + DRAIN_MS;
    const rested = (): boolean => shard.still && session.writes.outstanding === 0;
    await shard.quiesce(HANDOVER_ACTIVITY_MS);
    this.leaving = true;
    for (const last of [false, true]) {
      while (!rested() && guard.alive) {
        if (clock.monotonicMs() >= until) {
          reached('stuck');
          guard.die(stuck(this.number));
        }
        await pause(clock, REST_LOOK_MS);
      }
      // Not waited for here: what it writes must come to rest in time as well.
      if (!last) void shard.passivateAll();
    }
    if (!guard.alive) return false;
    this.close(moves(this.number));
    return true;
  }

  private async release(): Promise<void> {
    const { machine, settings } = this;
    machine.on({ kind: 'release', nonce: settings.nonce() });
    await this.perform();
    this.offered = false;
    settings.reached('given-back');
    settings.changed();
  }

  private async perform(): Promise<void> {
    const { store, clock, guard, marks, requests } = this.settings;
    const bounded: Pick<ClusterStore, 'setDead' | 'casLease' | 'lease'> = {
      setDead: async (session) => ((await marks.settle(session)) ? 'ok' : 'unknown'),
      casLease: (...swap) => requests.run(() => store.casLease(...swap)),
      lease: (shard) => requests.run(() => store.lease(shard)),
    };
    await perform(this.machine, { store: bounded, clock, shard: this.number, alive: () => guard.alive });
  }
}

function moves(shard: number): PerdureError {
  return new PerdureError('unavailable', `shard ${shard} moves to another host: send again with the same id`);
}

function goesBack(shard: number, entity: string): PerdureError {
  const fact = `${entity}: this host's build does not repeat its history`;
  const next = `shard ${shard} goes back to a host of an older build`;
  return new PerdureError('unavailable', `${fact}; ${next}: send again with the same id`);
}

function stuck(shard: number): PerdureError {
  return new PerdureError(
    'unavailable',
    `shard ${shard} did not come to rest within ${DRAIN_MS} ms, so it cannot be handed over; the session ends`,
  );
}
