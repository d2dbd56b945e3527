/**
 * Timers: wakes entities when their earliest durable timer is due.
 *
 * Owns: the near window of due times in memory, the order and pace in which entities are woken.
 * Does not own: the timers of one entity (history), the index of due times (store port), what waking does: `fire` is a
 * hint, and an entity that has nothing due ignores it.
 *
 * Invariants:
 * 1. Never early by the host's wall clock; after a jump of that clock at most TIMER_RECHECK_MS late.
 * 2. Every timer due before `completeBelow` is in memory or being fired; later ones cost nothing, and one read finds
 *    the next. A commit that sets a timer beyond the window at most lowers `completeBelow`.
 * 3. Entities are woken in the order of their due times, at most TIMERS_IN_FLIGHT at a time, and the loop yields after
 *    each batch, so that an overdue backlog does not starve fresh work (S4).
 * 4. An entity that did nothing when it was woken is woken again after a growing pause, never in a hot loop; one that
 *    has another timer of the same due time is woken again at once.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { EntityKey } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import {
  REFIRE_INITIAL_MS,
  REFIRE_MAXIMUM_MS,
  TIMER_PAGE,
  TIMER_RECHECK_MS,
  TIMER_WINDOW_MS,
  TIMERS_IN_FLIGHT,
  UNFIRED_TRIES,
} from '../config';
import type { Clock } from '../ports/clock';
import type { StoreSession } from '../ports/history-store';
import type { Log } from '../ports/telemetry';
import { Alarm } from './alarm';
import { DueQueue } from './due-queue';
import type { DueEntry } from './due-queue';

export interface TimerServiceOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly session: Pick<StoreSession, 'due' | 'nextDue' | 'unfired'>;
  readonly namespace: string;
  /** Wakes an entity; settles once what is due has been taken. A rejection counts as not taken. */
  readonly fire: (key: EntityKey, wakeAt: number) => Promise<void>;
  readonly windowMs?: number;
  readonly page?: number;
  readonly inFlight?: number;
  /** Infinity where the wall clock cannot jump. */
  readonly recheckMs?: number;
}

interface Wake {
  readonly key: EntityKey;
  readonly text: string;
  readonly wakeAt: number;
  state: 'near' | 'firing' | 'unmoved';
  /** How often it was fired at this due time. */
  tries: number;
  /** Something was committed while it was fired: another timer of it has the same due time. */
  progressed: boolean;
  entry: DueEntry<Wake> | null;
}

export class TimerService {
  private readonly known = new Map<string, Wake>();
  /** By wall-clock time: timers of the window, and entities to wake once more. */
  private readonly near = new DueQueue<Wake>();
  private readonly again = new DueQueue<Wake>();
  private readonly alarm: Alarm;
  /** Fires outside the async context of the commit that set the timer. */
  private readonly outside = AsyncLocalStorage.snapshot();
  private completeBelow = -Infinity;
  private firing = 0;
  /** Entities whose timer did not move when it fired. */
  private unmoved = 0;
  /** What commits said while a page was being read; null while none is. */
  private meanwhile: Map<string, { readonly key: EntityKey; readonly wakeAt: number | null }> | null = null;
  private working = false;
  /** There may be something to do: set by a ring, a finished wake or a full batch. */
  private asked = false;
  private stopped = false;

  constructor(private readonly options: TimerServiceOptions) {
    this.alarm = new Alarm(options.clock, () => this.outside(() => this.work()));
  }

  /** Begins with what is overdue. */
  start(): void {
    this.work();
  }

  /** Nothing is fired after this; what is being fired goes on. */
  stop(): void {
    this.stopped = true;
    this.alarm.set(Infinity);
    this.known.clear();
    this.near.clear();
    this.again.clear();
  }

  /** True while due timers are being read or entities woken. */
  get busy(): boolean {
    return this.firing > 0 || this.working;
  }

  /** A commit changed when an entity is to be woken; called after the commit is durable. */
  changed(key: EntityKey, wakeAt: number | null): void {
    if (this.stopped) return;
    const text = mapKey(key);
    this.meanwhile?.set(text, { key, wakeAt });
    const before = this.known.get(text);
    if (before !== undefined) {
      before.progressed = true;
      if (before.wakeAt === wakeAt) return;
      this.forget(before);
    }
    if (wakeAt === null || wakeAt >= this.completeBelow) return;
    const { clock, windowMs = TIMER_WINDOW_MS, page = TIMER_PAGE } = this.options;
    if (wakeAt > clock.now() + windowMs || this.near.size >= 2 * page) this.completeBelow = wakeAt;
    else this.add(key, text, wakeAt);
    this.arm();
  }

  private add(key: EntityKey, text: string, wakeAt: number): void {
    const wake: Wake = { key, text, wakeAt, state: 'near', tries: 0, progressed: false, entry: null };
    wake.entry = this.near.add(wakeAt, wake);
    this.known.set(text, wake);
  }

  private forget(wake: Wake): void {
    this.known.delete(wake.text);
    if (wake.entry !== null) (wake.state === 'near' ? this.near : this.again).remove(wake.entry);
    if (wake.state === 'unmoved') this.unmoved -= 1;
  }

  private work(): void {
    this.asked = true;
    if (this.working || this.stopped) return;
    this.working = true;
    void (async () => {
      let pause = 0;
      try {
        while (this.asked && !this.stopped) {
          this.asked = false;
          if (await this.turn()) this.asked = true;
          if (this.asked) await this.options.clock.breathe();
        }
      } catch (error) {
        this.options.log.error({ error }, 'due timers could not be read; trying again');
        pause = REFIRE_INITIAL_MS;
      }
      this.working = false;
      this.arm(pause);
    })();
  }

  /** One batch; true when there may be more to do at once. */
  private async turn(): Promise<boolean> {
    const { clock, inFlight = TIMERS_IN_FLIGHT } = this.options;
    let started = 0;
    while (this.firing < inFlight && started < inFlight) {
      const now = clock.now();
      const wake = (this.near.nextAt <= this.completeBelow ? this.near.take(now) : null) ?? this.takeAgain(now);
      if (wake === null) {
        if (!this.mustRead(now)) return false;
        await this.read(now);
        if (this.stopped) return false;
      } else {
        this.fire(wake.value);
        started += 1;
      }
    }
    return this.firing < inFlight;
  }

  private takeAgain(now: number): DueEntry<Wake> | null {
    const entry = this.again.take(now);
    if (entry !== null) this.unmoved -= 1;
    return entry;
  }

  private mustRead(now: number): boolean {
    return now >= this.completeBelow && !(this.near.nextAt <= Math.min(now, this.completeBelow));
  }

  private fire(wake: Wake): void {
    wake.entry = null;
    wake.state = 'firing';
    wake.tries += 1;
    wake.progressed = false;
    this.firing += 1;
    void (async () => {
      try {
        await this.options.fire(wake.key, wake.wakeAt);
      } catch (error) {
        this.options.log.warn({ entity: keyText(wake.key), error }, 'an entity could not be woken; trying again');
      }
      // What sets the next timer for now must not keep the event loop to itself (S4).
      if (wake.progressed) await this.options.clock.breathe();
      this.firing -= 1;
      if (this.stopped) return;
      if (this.known.get(wake.text) === wake) this.wakeAgain(wake);
      this.work();
    })();
  }

  private wakeAgain(wake: Wake): void {
    if (wake.progressed) wake.tries = 0;
    if (wake.tries === UNFIRED_TRIES) this.options.session.unfired?.(wake.key).catch(() => undefined);
    const pause = wake.progressed
      ? 0
      : Math.min(REFIRE_INITIAL_MS * 2 ** Math.min(wake.tries - 1, 30), REFIRE_MAXIMUM_MS);
    wake.state = 'unmoved';
    wake.entry = this.again.add(this.options.clock.now() + pause, wake);
    this.unmoved += 1;
  }

  /** Fills the window anew from the store. What is being fired, or did not move, is read past. */
  private async read(now: number): Promise<void> {
    const { session, namespace, windowMs = TIMER_WINDOW_MS, page = TIMER_PAGE } = this.options;
    const until = Math.min(now + windowMs, Number.MAX_SAFE_INTEGER);
    const limit = page + this.firing + this.unmoved;
    this.meanwhile = new Map();
    try {
      const rows = await session.due(namespace, until, limit);
      const full = rows.length >= limit;
      const next = full ? (rows.at(-1)?.wakeAt ?? until) : await session.nextDue(namespace, until);
      if (this.stopped) return;
      this.emptyWindow();
      this.completeBelow = next ?? Infinity;
      for (const { key, wakeAt } of rows) {
        const text = mapKey(key);
        if (!this.known.has(text) && !this.meanwhile.has(text)) this.add(key, text, wakeAt);
      }
    } finally {
      const said = this.meanwhile;
      this.meanwhile = null;
      for (const { key, wakeAt } of said.values()) this.changed(key, wakeAt);
    }
  }

  private emptyWindow(): void {
    this.near.clear();
    for (const [text, wake] of this.known) if (wake.state === 'near') this.known.delete(text);
  }

  private arm(pauseMs = 0): void {
    if (this.stopped || this.working) return;
    const { clock, inFlight = TIMERS_IN_FLIGHT, recheckMs = TIMER_RECHECK_MS } = this.options;
    if (this.firing >= inFlight) return;
    const next = Math.min(this.near.nextAt, this.again.nextAt, this.completeBelow);
    if (next === Infinity) return this.alarm.set(Infinity);
    const delay = Math.max(pauseMs, Math.min(Math.max(0, next - clock.now()), recheckMs));
    this.alarm.set(clock.monotonicMs() + delay);
  }
}

/** Types and namespaces contain no NUL, so that no two keys share a text. */
function mapKey(key: EntityKey): string {
  return `${key.namespace}\0${key.type}\0${key.id}`;
}
