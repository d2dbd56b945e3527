/**
 * Host: a process's registered entity classes, served from one store.
 *
 * Owns: the life of store sessions (a lost one is followed by a new one with a greater epoch, C13), serving requests
 * over the transport, draining and stopping.
 * Does not own: entities in memory (`shard`), which adapters are used (`node`).
 *
 * Invariants: a lost session answers nobody `ok`; requests that arrive between two sessions are told `unavailable`,
 * so that their senders try again with the same id.
 */

import type { RunningStep } from '../../framework/core/running';
import { PerdureError } from '../../framework/errors';
import { errorReply } from '../activation/replies';
import { DRAIN_MS, REOPEN_INITIAL_MS, REOPEN_MAXIMUM_MS } from '../config';
import type { HistoryStore, StoreSession } from '../ports/history-store';
import type { Served, Transport } from '../ports/transport';
import { answerRequest } from '../shard/requests';
import type { Shard } from '../shard/shard';
import type { Reply, Request } from '../wire/envelope';
import type { CodeSettings } from './hosted-code';
import { HostedCode } from './hosted-code';

export interface HostSettings extends CodeSettings {
  readonly store: HistoryStore;
  readonly transport: Transport;
}

export class Host {
  private readonly code: HostedCode;
  private session: StoreSession | null = null;
  private current: Shard | null = null;
  private served: Served | null = null;
  private state: 'open' | 'draining' | 'stopped' = 'open';
  private reopening: Promise<void> | null = null;
  private openedMs = 0;
  private pauseMs = REOPEN_INITIAL_MS / 2;

  private constructor(private readonly settings: HostSettings) {
    this.code = new HostedCode(settings);
  }

  /** Resolves once requests are served; open work of before goes on in the background. */
  static async start(settings: HostSettings): Promise<Host> {
    const host = new Host(settings);
    await host.openSession();
    const { transport, namespace } = settings;
    try {
      host.served = await transport.serve(
        namespace,
        host.code.types,
        (request) => host.answer(request),
        host.session?.epoch,
      );
    } catch (error) {
      await host.stop();
      throw error;
    }
    return host;
  }

  get build(): string {
    return this.code.build;
  }

  /** The entities in memory; null between two sessions. */
  get shard(): Shard | null {
    return this.current;
  }

  /** True while nothing is being done: no step, write, timer or activity. */
  get idle(): boolean {
    return this.reopening === null && (this.current?.idle ?? true);
  }

  /** Takes no more requests, lets what runs come to rest, writes snapshots, then stops. At most DRAIN_MS. */
  async drain(): Promise<void> {
    if (this.state !== 'open') return this.stop();
    this.state = 'draining';
    await this.served?.close();
    const { clock } = this.settings;
    const until = clock.monotonicMs() + DRAIN_MS;
    await this.current?.quiesce();
    while (!this.idle && clock.monotonicMs() < until) await clock.breathe();
    await this.current?.passivateAll();
    await this.stop();
  }

  /** Stops at once. What was acknowledged is durable; who waits is told `unavailable`. */
  async stop(): Promise<void> {
    if (this.state === 'stopped') return;
    this.state = 'stopped';
    await this.served?.close();
    this.current?.close(
      new PerdureError('unavailable', 'the host stops; the outcome is unknown: send again with the same id'),
    );
    this.current = null;
    await this.reopening;
    await this.session?.close();
  }

  /** Code of a step was rejected with nobody to handle it (S4). */
  floating(step: RunningStep, error: unknown): void {
    this.code.floating(step, error, (key) => this.current?.resident(key) ?? null);
  }

  private async answer(request: Request): Promise<Reply> {
    const shard = this.current;
    if (shard !== null && this.state === 'open') return answerRequest(shard, request);
    return errorReply(
      new PerdureError('unavailable', 'the host is opening its store or stopping: send again with the same id'),
    );
  }

  private async openSession(): Promise<void> {
    const { settings } = this;
    const session = await settings.store.open();
    if (this.state === 'stopped') return session.close();
    this.session = session;
    this.openedMs = settings.clock.monotonicMs();
    const shard = this.code.shardOn(session);
    this.current = shard;
    void session.lost.then((reason) => this.lost(session, shard, reason));
    shard.start().catch((error: unknown) => settings.log.error({ error }, 'open work could not be recovered'));
  }

  private lost(session: StoreSession, shard: Shard, reason: PerdureError): void {
    if (this.session !== session) return;
    this.settings.log.error({ error: reason }, 'the store session is lost; a new one begins');
    this.current = null;
    shard.close(
      new PerdureError('unavailable', `${reason.message}; the outcome is unknown: send again with the same id`),
    );
    if (this.state === 'stopped') return;
    const quick = this.settings.clock.monotonicMs() - this.openedMs < REOPEN_MAXIMUM_MS;
    this.pauseMs = quick ? Math.min(this.pauseMs * 2, REOPEN_MAXIMUM_MS) : REOPEN_INITIAL_MS;
    this.reopening = this.reopen(this.pauseMs).finally(() => (this.reopening = null));
  }

  /** A disk that is full or broken takes every session soon: the next is opened after a longer pause. */
  private async reopen(pauseMs: number): Promise<void> {
    const { clock, log } = this.settings;
    await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
    if (this.state === 'stopped') return;
    try {
      await this.openSession();
    } catch (error) {
      log.error({ error }, 'the store cannot be opened; trying again');
      await this.reopen(Math.min(pauseMs * 2, REOPEN_MAXIMUM_MS));
    }
  }
}
