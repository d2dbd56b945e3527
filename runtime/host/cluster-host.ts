/**
 * Cluster host: a process's registered entity classes, served from a store that it shares with other hosts.
 *
 * Owns: the life of sessions: one after another, as each dies; draining and stopping.
 * Does not own: one session (`member`), entities in memory (`shard`), how requests come here (the transport's caller).
 *
 * Invariants: a session that is over is never used again, and the next one has another id (C1); requests that arrive
 * between two sessions are told `moved`, so that their senders ask another host.
 */

import type { RunningStep } from '../../framework/core/running';
import { PerdureError } from '../../framework/errors';
import type { EntityKey } from '../../framework/model/identity';
import type { Activation } from '../activation/activation';
import { errorReply } from '../activation/replies';
import { HEARTBEAT_DEAD_MS, REOPEN_INITIAL_MS, REOPEN_MAXIMUM_MS } from '../config';
import type { ClusterStore } from '../ports/cluster-store';
import { Directory } from '../shard/directory';
import type { Layout } from '../shard/ownership/layout';
import { answerDirectoryRequest } from '../shard/requests';
import type { IndexBounds } from '../shard/waking/consolidation';
import type { Reply, Request } from '../wire/envelope';
import { drawName } from './draw-name';
import { claimOrdinal } from './builds';
import type { CodeSettings } from './hosted-code';
import { HostedCode } from './hosted-code';
import { Member } from './member';
import type { Reached } from './reached';
import { pause } from './until-ok';

export interface ClusterHostSettings extends CodeSettings {
  readonly store: ClusterStore;
  /** Clients can reach this host; asked at each heartbeat (C3). */
  readonly connected: () => boolean;
  /** What differs from LAYOUT. */
  readonly layout?: Partial<Layout>;
  readonly indexBounds?: IndexBounds;
  /** Counts which ways the host went. */
  readonly reached?: Reached;
  /** Lets requests come to a session that begins; what it returns is called when the session is over. */
  readonly serving?: (session: ServingSession) => () => void;
}

/** What a session offers to whoever carries requests to it. */
export interface ServingSession {
  readonly member: Member;
  readonly namespace: string;
  readonly types: readonly string[];
  /** As `ClusterHost.answer`. */
  readonly answer: (request: Request) => Promise<Reply>;
}

export class ClusterHost {
  private readonly code: HostedCode;
  private readonly directory: Directory;
  private current: Member | null = null;
  /** Of the build (S29). */
  private ordinal = 0;
  private state: 'open' | 'draining' | 'stopped' = 'open';
  /** Of the sessions so far: what each still has to say to the store. */
  private readonly farewells = new Set<Promise<void>>();

  private constructor(private readonly settings: ClusterHostSettings) {
    this.code = new HostedCode(settings);
    this.directory = new Directory(settings.store);
  }

  /**
   * Resolves once its first session is born; shards come later. Goes on trying while the store cannot be reached.
   * Rejects with `invalid_argument` for a class that cannot be an entity.
   */
  static async start(settings: ClusterHostSettings): Promise<ClusterHost> {
    const host = new ClusterHost(settings);
    const { store, clock } = settings;
    host.ordinal = (await claimOrdinal(store, clock, host.build, () => host.state === 'open')) ?? 0;
    const first = await host.begin();
    if (first !== null) void host.live(first);
    return host;
  }

  get build(): string {
    return this.code.build;
  }

  get types(): readonly string[] {
    return this.code.types;
  }

  /** The session that serves; null between two sessions. */
  get member(): Member | null {
    return this.current;
  }

  /** Nothing is being done, and no shard is on its way. */
  get idle(): boolean {
    return this.current === null ? this.state === 'stopped' : this.current.idle;
  }

  /** Never rejects; `unavailable` with the reason `moved` when another host is to be asked. */
  async answer(request: Request): Promise<Reply> {
    if (!('key' in request)) return answerDirectoryRequest(this.directory, request);
    if (this.current !== null) return this.current.answer(request.key, request);
    const fact = this.state === 'open' ? 'this host is between two sessions' : 'this host has left the cluster';
    return errorReply(new PerdureError('unavailable', `${fact}: ask another host`, { reason: 'moved' }));
  }

  /** Says that it leaves, gives its shards back while it serves those it still has, then stops. At most DRAIN_MS. */
  async drain(): Promise<void> {
    if (this.state !== 'open') return this.stop();
    this.state = 'draining';
    await this.current?.drain();
    await this.stop();
  }

  /** Stops at once. What was acknowledged is durable; who waits is told `unavailable`. */
  async stop(): Promise<void> {
    this.state = 'stopped';
    this.current?.stop(new PerdureError('unavailable', 'the host stops'));
    await Promise.all(this.farewells);
  }

  /** Code of a step was rejected with nobody to handle it (S4). */
  floating(step: RunningStep, error: unknown): void {
    this.code.floating(step, error, (key) => this.resident(key));
  }

  /** The entity, if it is in memory. */
  resident(key: EntityKey): Activation | null {
    return this.current?.resident(key) ?? null;
  }

  private async begin(): Promise<Member | null> {
    const { settings, code } = this;
    const { reached = () => undefined } = settings;
    const made = { ...settings, build: code.build, ordinal: this.ordinal, reached, shardOn: code.shardOn.bind(code) };
    const member = await Member.start(made, drawName(settings.entropy), () => this.state === 'open');
    this.current = member;
    return member;
  }

  /** One session after another, as long as the host is open. */
  private async live(first: Member): Promise<void> {
    const { clock, log, namespace, serving = () => () => undefined } = this.settings;
    const answer = (request: Request): Promise<Reply> => this.answer(request);
    let pauseMs = REOPEN_INITIAL_MS;
    for (let member: Member | null = first; member !== null; member = await this.begin()) {
      const bornMs = clock.monotonicMs();
      const farewell = member.ended.finally(() => this.farewells.delete(farewell));
      this.farewells.add(farewell);
      const close = serving({ member, namespace, types: this.types, answer });
      const reason = await member.guard.lost;
      close();
      this.current = null;
      if (this.state !== 'open') return;
      log.warn({ error: reason, session: member.session }, 'the session is over; a new one begins');
      const quick = clock.monotonicMs() - bornMs < HEARTBEAT_DEAD_MS;
      pauseMs = quick ? Math.min(pauseMs * 2, REOPEN_MAXIMUM_MS) : REOPEN_INITIAL_MS;
      await pause(clock, pauseMs);
    }
  }
}
