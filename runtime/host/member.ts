/**
 * Member: one session of a host in a cluster: its heartbeat, and the shards it owns (C1 to C4).
 *
 * Owns: being born, the heartbeat, taking the shards that placement gives it, giving back those that it does not,
 * answering for what it owns. Does not own: the rules of ownership (`shard/ownership`), who is dead (`membership`), what
 * a shard does; beginning anew after the session is dead (whoever started it).
 *
 * Invariants: one takeover at a time, so at most one marking is in flight; a reply leaves only after a session read
 * that began after it was made, unless its own turn was fenced already (S8, C2).
 */

import type { EntityKey } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import { PerdureError } from '../../framework/errors';
import { errorReply } from '../activation/replies';
import { DRAIN_MS, HEARTBEAT_MS, REWRITE_INITIAL_MS, REWRITE_MAXIMUM_MS } from '../config';
import type { Clock } from '../ports/clock';
import type { Beat, ClusterStore, WriteOutcome } from '../ports/cluster-store';
import type { Entropy } from '../ports/entropy';
import type { Log } from '../ports/telemetry';
import type { LeaseState } from '../shard/ownership/lease';
import { LeaseMachine } from '../shard/ownership/lease';
import { OwnedSession } from '../shard/ownership/owned-session';
import { SessionGuard } from '../shard/ownership/session-guard';
import { perform } from '../shard/ownership/takeover';
import { answerRequest } from '../shard/requests';
import type { Shard } from '../shard/shard';
import type { Reply, Request } from '../wire/envelope';
import { shardOf } from '../wire/shard-map';
import type { Owner } from './membership';
import { Membership } from './membership';
import { place } from './placement';

export interface MemberSettings {
  readonly store: ClusterStore;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly build: string;
  /** Of the build (S29). */
  readonly ordinal: number;
  readonly bucketRows?: number;
  /** A shard of this host's entities on an ownership that has just begun; not started yet. */
  readonly shardOn: (session: OwnedSession) => Shard;
}

interface Owned {
  readonly session: OwnedSession;
  readonly shard: Shard;
  /** Being given back: no request begins any more. */
  leaving: boolean;
}

const SESSION_BYTES = 16;
/** How often a shard that is being given back is looked at. */
const REST_LOOK_MS = 10;

export class Member {
  readonly guard: SessionGuard;
  private readonly membership: Membership;
  private readonly machines = new Map<number, LeaseMachine>();
  private readonly owned = new Map<number, Owned>();
  private beat = 0;
  private taking: Promise<void> | null = null;

  private constructor(
    private readonly settings: MemberSettings,
    readonly session: string,
    readonly shards: number,
  ) {
    const { store, clock } = settings;
    this.guard = new SessionGuard(session, store, clock);
    this.membership = new Membership(session);
    void this.guard.lost.then((reason) => this.end(reason));
  }

  /** Resolves once the session is born and has a heartbeat row; shards come later. Never rejects. */
  static async start(settings: MemberSettings): Promise<Member> {
    const { store, clock, entropy } = settings;
    const session = Buffer.from(entropy.bytes(SESSION_BYTES)).toString('base64url');
    await untilOk(clock, () => store.setBorn(session));
    let shards = 0;
    await untilOk(clock, async () => {
      shards = await store.shards().catch(() => 0);
      return shards > 0 ? 'ok' : 'unknown';
    });
    const member = new Member(settings, session, shards);
    await untilOk(clock, () => store.writeBeat(member.heartbeat()));
    void member.live();
    return member;
  }

  /** Numbers of the shards it serves. */
  get serves(): readonly number[] {
    return [...this.owned].filter(([, { leaving }]) => !leaving).map(([shard]) => shard);
  }

  /** Never rejects; `unavailable` with the reason `moved` when another host is to be asked. */
  async answer(key: EntityKey, request: Request): Promise<Reply> {
    const owned = this.owned.get(shardOf(key, this.shards));
    if (owned === undefined || owned.leaving || !owned.session.open) return moved(key);
    const reply = await answerRequest(owned.shard, request);
    if (wasFenced(request, reply)) return reply;
    return (await owned.session.fence()) ? reply : uncertain(key);
  }

  /** Who owns the shard, as far as it knows: itself at once, others from their newest heartbeat rows. A hint only. */
  owner(shard: number): Owner | null {
    const owned = this.owned.get(shard);
    if (owned !== undefined && !owned.leaving) return { session: this.session, epoch: owned.session.epoch };
    const other = this.membership.owner(shard);
    return other?.session === this.session ? null : other;
  }

  /** Gives the session up; callers that wait learn that their outcome is not known. */
  stop(reason: PerdureError): void {
    this.guard.die(reason);
  }

  private end(reason: PerdureError): void {
    const error = new PerdureError(
      'unavailable',
      `${reason.message}; the outcome is unknown: send again with the same id`,
    );
    for (const { session, shard } of this.owned.values()) {
      void session.close();
      shard.close(error);
    }
    this.owned.clear();
  }

  private async live(): Promise<void> {
    const { clock, log } = this.settings;
    while (this.guard.alive) {
      await this.turn().catch((error: unknown) => log.warn({ error }, 'a turn of the membership failed'));
      await pause(clock, HEARTBEAT_MS);
    }
  }

  private async turn(): Promise<void> {
    const { store, clock } = this.settings;
    const told = await store.writeBeat(this.heartbeat());
    if (told !== 'ok') this.membership.falter(clock.monotonicMs());
    this.membership.observe(await store.beats(), clock.monotonicMs());
    if (!(await this.guard.confirm())) return;
    const live = this.membership.live(clock.monotonicMs()).filter(({ draining }) => !draining);
    const target = place(this.shards, live);
    for (const [shard, session] of target.entries()) {
      const mine = session === this.session;
      if (mine && !this.owned.has(shard)) void this.alone(() => this.take(shard));
      if (!mine && this.owned.has(shard)) void this.giveBack(shard);
      else if (!mine && this.machines.get(shard)?.state.at === 'owned') void this.alone(() => this.release(shard));
    }
  }

  /** One takeover at a time; those that come meanwhile are looked at with the next heartbeat. */
  private async alone(take: () => Promise<void>): Promise<void> {
    if (this.taking !== null) return;
    const { log } = this.settings;
    this.taking = take().catch((error: unknown) => log.warn({ error }, 'a shard could not be taken over'));
    await this.taking;
    this.taking = null;
  }

  private async take(shard: number): Promise<void> {
    const { store, clock } = this.settings;
    const machine = this.machineOf(shard);
    if (machine.state.at === 'idle') {
      const found = await store.lease(shard);
      const owner = found?.owner ?? '';
      const mayMark =
        this.membership.suspects(owner, clock.monotonicMs()) || (owner !== '' && (await this.isDead(owner)));
      machine.on({ kind: 'wanted', found, mayMark });
    }
    const state = await this.perform(machine, shard);
    if (state.at === 'owned') await this.serve(shard, state.lease.epoch);
  }

  private async isDead(session: string): Promise<boolean> {
    const row = await this.settings.store.session(session);
    return row.dead || !row.born;
  }

  private async serve(shard: number, epoch: number): Promise<void> {
    const { store, clock, build, bucketRows, log, shardOn } = this.settings;
    const bounds = bucketRows === undefined ? {} : { bucketRows };
    const session = await OwnedSession.open({ store, guard: this.guard, clock, shard, epoch, build, ...bounds });
    if (!this.guard.alive || this.owned.has(shard)) return session.close();
    const made = shardOn(session);
    this.owned.set(shard, { session, shard: made, leaving: false });
    made.start().catch((error: unknown) => log.error({ error, shard }, 'open work could not be recovered'));
  }

  /** C4: once all that was issued is acknowledged, closed for ever; then the lease is given back. */
  private async giveBack(shard: number): Promise<void> {
    const owned = this.owned.get(shard);
    if (owned === undefined || owned.leaving) return;
    owned.leaving = true;
    const { clock } = this.settings;
    const until = clock.monotonicMs() + DRAIN_MS;
    await owned.shard.quiesce();
    while (!this.rested(owned)) {
      if (!this.guard.alive) return;
      if (clock.monotonicMs() >= until) return this.stop(stuck(shard));
      await pause(clock, REST_LOOK_MS);
    }
    await owned.shard.passivateAll();
    while (!this.rested(owned) && this.guard.alive) await pause(clock, REST_LOOK_MS);
    if (!this.guard.alive) return;
    void owned.session.close();
    owned.shard.close(
      new PerdureError('unavailable', `shard ${shard} moves to another host: send again with the same id`),
    );
    await this.release(shard);
    this.owned.delete(shard);
  }

  /** Of a shard that is closed, or that was never served because the store could not be read. */
  private async release(shard: number): Promise<void> {
    const machine = this.machineOf(shard);
    machine.on({ kind: 'release', nonce: this.nonce() });
    await this.perform(machine, shard);
  }

  private nonce(): string {
    return Buffer.from(this.settings.entropy.bytes(SESSION_BYTES)).toString('base64url');
  }

  private rested({ shard, session }: Owned): boolean {
    return shard.idle && session.writes.outstanding === 0;
  }

  private perform(machine: LeaseMachine, shard: number): Promise<LeaseState> {
    const { store, clock } = this.settings;
    return perform(machine, { store, clock, shard, alive: () => this.guard.alive });
  }

  private machineOf(shard: number): LeaseMachine {
    let machine = this.machines.get(shard);
    if (machine === undefined) {
      machine = new LeaseMachine(this.session, () => this.nonce());
      this.machines.set(shard, machine);
    }
    return machine;
  }

  private heartbeat(): Beat {
    this.beat += 1;
    const { build, ordinal } = this.settings;
    const shards = [...this.owned].map(([shard, { session }]) => [shard, session.epoch] as const);
    return { session: this.session, beat: this.beat, build, ordinal, connected: true, draining: false, shards };
  }
}

/** What a turn of this request has committed was fenced before the reply was made. */
function wasFenced(request: Request, reply: Reply): boolean {
  return request.op === 'message' && request.message !== 'query' && reply.ok && !reply.duplicate;
}

async function untilOk(clock: Clock, write: () => Promise<WriteOutcome>): Promise<void> {
  let pauseMs = REWRITE_INITIAL_MS;
  while ((await write()) !== 'ok') {
    await pause(clock, pauseMs);
    pauseMs = Math.min(pauseMs * 2, REWRITE_MAXIMUM_MS);
  }
}

function pause(clock: Clock, forMs: number): Promise<void> {
  return new Promise((resolve) => clock.after(forMs, resolve));
}

function moved(key: EntityKey): Reply {
  const fact = `${keyText(key)}: this host does not own its shard`;
  return errorReply(new PerdureError('unavailable', `${fact}: ask another host`, { reason: 'moved' }));
}

function uncertain(key: EntityKey): Reply {
  const fact = `${keyText(key)}: this host lost its shard before it could answer; the outcome is unknown`;
  return errorReply(new PerdureError('unavailable', `${fact}: send again with the same id`));
}

function stuck(shard: number): PerdureError {
  return new PerdureError('unavailable', `shard ${shard} did not come to rest, so it cannot be handed over`);
}
