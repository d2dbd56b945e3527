/**
 * Member: one session of a host in a cluster, from its birth to its end (C1 to C4).
 *
 * Owns: being born, looking at the other hosts and aiming at the shards that placement gives it, answering for what it
 * owns, leaving. Does not own: its row (`heartbeat`), who is dead (`membership`, `death-marks`), how a shard comes and
 * goes (`holdings`), beginning anew after the session is dead (`cluster-host`).
 *
 * Invariants: `born` is at quorum before anything is owned; a reply leaves only after a session read that began after it
 * was made, unless its own turn was fenced already (S8, C2); a session that is over is set dead by itself, so that nobody
 * waits for its heartbeat to stand still.
 */

import { PerdureError } from '../../framework/errors';
import type { EntityKey } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import { isPlanted } from '../../framework/planted-bugs';
import type { Activation } from '../activation/activation';
import { errorReply } from '../activation/replies';
import {
  DRAIN_MS,
  FAREWELL_MS,
  HANDOVER_LOOK_MS,
  HEARTBEAT_DEAD_MS,
  HEARTBEAT_MS,
  LEASE_REQUESTS_IN_FLIGHT,
  REST_LOOK_MS,
  SESSION_LOOK_MS,
} from '../config';
import type { Clock } from '../ports/clock';
import type { Beat, ClusterStore } from '../ports/cluster-store';
import type { Entropy } from '../ports/entropy';
import type { Log } from '../ports/telemetry';
import type { Layout } from '../shard/ownership/layout';
import type { OwnedSession } from '../shard/ownership/owned-session';
import { SessionGuard } from '../shard/ownership/session-guard';
import { answerRequest } from '../shard/requests';
import type { Diverged, Shard } from '../shard/shard';
import type { IndexBounds } from '../shard/waking/consolidation';
import type { Reply, Request } from '../wire/envelope';
import type { Owner } from '../wire/frame';
import { shardOf } from '../wire/shard-map';
import { CutOff } from './cut-off';
import { DeathMarks } from './death-marks';
import { drawName } from './draw-name';
import { Heartbeat } from './heartbeat';
import { Holdings } from './holdings';
import { InFlight } from './in-flight';
import { Membership } from './membership';
import type { Candidate } from './placement';
import { place } from './placement';
import { Offers } from './offers';
import type { Reached } from './reached';
import { pause, untilOk } from './until-ok';

export interface MemberSettings {
  readonly store: ClusterStore;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly build: string;
  /** Of the build (S29). */
  readonly ordinal: number;
  /** What differs from LAYOUT. */
  readonly layout?: Partial<Layout>;
  readonly indexBounds?: IndexBounds;
  /** Clients can reach this host. */
  readonly connected: () => boolean;
  /** A shard of this host's entities on an ownership that has just begun; not started yet. */
  readonly shardOn: (session: OwnedSession, diverged: Diverged) => Shard;
  readonly reached: Reached;
}

/** What the placement gave this session, and of what it was made. */
interface Placed {
  readonly offers: number;
  readonly hosts: readonly Candidate[];
  readonly wanted: ReadonlySet<number>;
}

const NO_SHARDS: ReadonlySet<number> = new Set();

export class Member {
  readonly guard: SessionGuard;
  /** Resolves when the session is over and has said so in the store, or could not within FAREWELL_MS. */
  readonly ended: Promise<void>;
  private readonly membership: Membership;
  private readonly heartbeat: Heartbeat;
  private readonly marks: DeathMarks;
  private readonly offers: Offers;
  private readonly holdings: Holdings;
  private readonly cutOff = new CutOff();
  private leaving = false;
  /** Leaving, and giving shards back. */
  private going = false;
  private aside = false;
  private placed: Placed = { offers: 0, hosts: [], wanted: NO_SHARDS };

  private constructor(
    private readonly settings: MemberSettings,
    readonly session: string,
    readonly shards: number,
  ) {
    const { store, clock, ordinal, reached } = settings;
    const guard = (this.guard = new SessionGuard(session, store, clock));
    const membership = (this.membership = new Membership(session));
    const marks = (this.marks = new DeathMarks({ store, clock, guard, membership, reached }));
    const offers = (this.offers = new Offers({ store, clock, guard, membership, ordinal, reached }));
    const heartbeat = (this.heartbeat = new Heartbeat({
      store,
      clock,
      says: (beat) => this.row(beat),
      told: (acknowledged) => membership.told(acknowledged),
      alive: () => guard.alive,
      answered: () => this.answered,
    }));
    this.holdings = new Holdings({
      ...settings,
      guard,
      marks,
      offers,
      requests: new InFlight(LEASE_REQUESTS_IN_FLIGHT),
      nonce: () => drawName(settings.entropy),
      changed: () => heartbeat.soon(),
    });
    this.ended = guard.lost.then((reason) => this.end(reason));
  }

  /** Resolves once the session is born and has a heartbeat row; null when `wanted` said no before. Never rejects. */
  static async start(settings: MemberSettings, session: string, wanted: () => boolean): Promise<Member | null> {
    const { store, clock, reached } = settings;
    if (!(await untilOk(clock, wanted, () => store.setBorn(session)))) return null;
    let shards = 0;
    const counted = await untilOk(clock, wanted, async () => {
      shards = await store.shards().catch(() => 0);
      return shards > 0 ? 'ok' : 'unknown';
    });
    if (!counted) return null;
    const member = new Member(settings, session, shards);
    if (!(await member.heartbeat.first(wanted)) || !wanted()) {
      member.stop(new PerdureError('unavailable', 'the host stops'));
      return null;
    }
    void member.heartbeat.start();
    void member.live();
    reached('session');
    return member;
  }

  /** Numbers of the shards it serves. */
  get serves(): readonly number[] {
    return this.holdings.all.filter(({ open }) => open !== null).map(({ number }) => number);
  }

  /** No entity that is in memory has anything to do, and no shard is on its way. */
  get idle(): boolean {
    return this.holdings.settled && this.holdings.all.every(({ shard }) => shard?.idle ?? true);
  }

  /** The entity, if it is in memory. */
  resident(key: EntityKey): Activation | null {
    return this.holdings.of(shardOf(key, this.shards))?.shard?.resident(key) ?? null;
  }

  /** Never rejects; `unavailable` with the reason `moved` when another host is to be asked. */
  async answer(key: EntityKey, request: Request): Promise<Reply> {
    const open = this.holdings.of(shardOf(key, this.shards))?.open ?? null;
    if (open === null) return moved(key);
    const reply = await answerRequest(open.shard, request);
    if (wasFenced(request, reply) || isPlanted('answer-without-session-read')) return reply;
    return (await open.session.fence()) ? reply : uncertain(key);
  }

  /** Not long ago. Else it beats no more, others take its shards, and it must not keep their callers waiting for it. */
  get answered(): boolean {
    return this.guard.confirmedWithin(HEARTBEAT_DEAD_MS);
  }

  /** Who owns the shard, as far as it knows: itself at once, others from their newest heartbeat rows. A hint only. */
  owner(shard: number): Owner | null {
    const tenure = this.holdings.of(shard);
    if (tenure?.open != null && this.answered) return { session: this.session, epoch: tenure.open.session.epoch };
    const other = this.membership.owner(shard);
    return other?.session === this.session ? null : other;
  }

  /**
   * Says at once that it leaves, gives its shards back while it serves those it still has, then ends the session.
   * Resolves at the end, at most DRAIN_MS later, with what is left to others by the rules of a dead session (C3, C4).
   */
  async drain(): Promise<void> {
    const { clock, reached } = this.settings;
    const until = clock.monotonicMs() + DRAIN_MS;
    this.leaving = true;
    this.heartbeat.soon();
    // The others are to know before the first shard is free, so that none is free for long.
    if (this.membership.others.some(({ draining }) => !draining)) await pause(clock, HEARTBEAT_MS + HANDOVER_LOOK_MS);
    this.going = true;
    this.aim();
    while (this.guard.alive && !this.holdings.empty && clock.monotonicMs() < until) {
      await pause(clock, REST_LOOK_MS);
      this.aim();
    }
    if (this.guard.alive && this.holdings.empty) reached('drained');
    this.stop(new PerdureError('unavailable', 'the host has left the cluster'));
    await this.ended;
  }

  /** Gives the session up; callers that wait learn that their outcome is not known. */
  stop(reason: PerdureError): void {
    this.guard.die(reason);
  }

  private async end(reason: PerdureError): Promise<void> {
    const { clock, store } = this.settings;
    const fact = `${reason.message}; the outcome is unknown: send again with the same id`;
    this.holdings.close(new PerdureError('unavailable', fact));
    const until = clock.monotonicMs() + FAREWELL_MS;
    const dead = await untilOk(
      clock,
      () => clock.monotonicMs() < until,
      () => store.setDead(this.session),
    );
    // Nobody acts for the dead session any more, and its row is not needed once `dead` is at quorum.
    if (dead) await store.deleteBeat(this.session);
  }

  private async live(): Promise<void> {
    const { clock, log } = this.settings;
    while (this.guard.alive) {
      await this.look().catch((error: unknown) => log.warn({ error }, 'the other hosts could not be looked at'));
      await pause(clock, this.holdings.settled ? HEARTBEAT_MS : HANDOVER_LOOK_MS);
    }
  }

  private async look(): Promise<void> {
    const { store, clock, log } = this.settings;
    this.membership.observe(await store.beats(), clock.monotonicMs());
    if (!(await this.lives())) return;
    await this.offers.look();
    this.stand();
    this.aim();
    this.marks.sweep().catch((error: unknown) => log.warn({ error }, 'a dead host could not be cleared away'));
  }

  /** A session whose row is gone, or that has not been read for a while, is read: others may have set it dead. */
  private async lives(): Promise<boolean> {
    const { guard, membership } = this;
    const known = membership.has(this.session) && guard.confirmedWithin(SESSION_LOOK_MS);
    return known || guard.confirm(true);
  }

  /** A host that clients cannot reach stands aside as long as others are reached (C3). */
  private stand(): void {
    const { clock, connected, reached } = this.settings;
    const now = clock.monotonicMs();
    this.cutOff.note(connected(), now);
    const aside = this.cutOff.standsAside(this.membership.others, now);
    if (aside === this.aside) return;
    this.aside = aside;
    if (aside) reached('aside');
    this.heartbeat.soon();
  }

  private aim(): void {
    if (!this.guard.alive || this.leaving !== this.going) return;
    let held: ReadonlySet<number> | null = null;
    const heldByOthers = () => new Set(this.membership.others.flatMap(({ shards }) => shards.map(([shard]) => shard)));
    this.holdings.aim(this.draining ? NO_SHARDS : this.wanted(), (shard) => (held ??= heldByOthers()).has(shard));
  }

  /** What the placement gives this session; made anew only when hosts or offers are others. */
  private wanted(): ReadonlySet<number> {
    const hosts = this.membership.live.filter(({ draining }) => !draining);
    const offers = this.offers.count;
    if (this.placed.offers !== offers || !areSame(this.placed.hosts, hosts)) {
      const owners = place(this.shards, hosts, (...offer) => this.offers.has(...offer));
      const own = owners.flatMap((session, shard) => (session === this.session ? [shard] : []));
      this.placed = { offers, hosts, wanted: new Set(own) };
    }
    return this.placed.wanted;
  }

  private get draining(): boolean {
    return this.leaving || this.aside;
  }

  private row(beat: number): Beat {
    const { session, draining } = this;
    const { build, ordinal, connected } = this.settings;
    const shards = this.holdings.all.flatMap(({ number, epoch }) => (epoch === null ? [] : [[number, epoch] as const]));
    return { session, beat, build, ordinal, connected: connected(), draining, shards };
  }
}

function areSame(some: readonly Candidate[], others: readonly Candidate[]): boolean {
  if (some.length !== others.length) return false;
  return some.every(({ session, ordinal }, i) => session === others[i]?.session && ordinal === others[i].ordinal);
}

/** What a turn of this request has committed was fenced before the reply was made. */
function wasFenced(request: Request, reply: Reply): boolean {
  return request.op === 'message' && request.message !== 'query' && reply.ok && !reply.duplicate;
}

function moved(key: EntityKey): Reply {
  const fact = `${keyText(key)}: this host does not own its shard`;
  return errorReply(new PerdureError('unavailable', `${fact}: ask another host`, { reason: 'moved' }));
}

function uncertain(key: EntityKey): Reply {
  const fact = `${keyText(key)}: this host lost its shard before it could answer; the outcome is unknown`;
  return errorReply(new PerdureError('unavailable', `${fact}: send again with the same id`));
}
