/**
 * Append group: the records that entities issue in one pass of the turn loop, handed to the store together (C5).
 *
 * Owns: when a group is closed: at APPEND_GROUP_RECORDS, or once the jobs that were ready before it have had their
 * slices; one `append` and one `fence` for all of it, or, where the store writes records apart, for each of them: a
 * write of unknown outcome then delays nobody else. Does not own: what a record releases (`commit`).
 *
 * Invariants: records reach the store in the order they were added; nobody is told before the fence; when the store
 * throws the outcome of what it was handed is unknown; once closed, nothing is appended any more and nobody is told (C4).
 */

import { APPEND_GROUP_RECORDS } from '../config';
import type { Append, AppendResult, StoreSession } from '../ports/history-store';
import type { Log } from '../ports/telemetry';
import type { Job, TurnLoop } from './turn-loop';

/** Told what became of one record: `ok` only when it is durable and the session is still the owner. */
export type Written = (result: AppendResult) => void;

export class AppendGroup implements Job {
  private appends: Append[] = [];
  private waiting: Written[] = [];
  private closed = false;

  constructor(
    private readonly session: StoreSession,
    private readonly loop: TurnLoop,
    private readonly log: Log,
  ) {}

  add(append: Append, written: Written): void {
    if (this.closed) return;
    this.appends.push(append);
    this.waiting.push(written);
    if (this.appends.length >= APPEND_GROUP_RECORDS) this.flush();
    else if (this.appends.length === 1) this.loop.ready(this);
  }

  slice(): Promise<boolean> {
    if (this.appends.length > 0) this.flush();
    return NOTHING_MORE;
  }

  close(): void {
    this.closed = true;
    this.appends = [];
    this.waiting = [];
  }

  private flush(): void {
    const { appends, waiting, session } = this;
    this.appends = [];
    this.waiting = [];
    if (session.apart !== true) return void this.write(appends, waiting);
    for (const [at, append] of appends.entries()) void this.write([append], waiting.slice(at, at + 1));
  }

  private async write(appends: readonly Append[], waiting: readonly Written[]): Promise<void> {
    const { session } = this;
    let results: readonly AppendResult[] = [];
    let owner = false;
    try {
      results = await session.append(appends);
      owner = results.includes('ok') && (await session.fence());
    } catch (error) {
      this.log.error({ error }, 'the store took no records: their outcome is unknown');
    }
    if (this.closed) return;
    waiting.forEach((written, at) => {
      const result = results[at] ?? 'unknown';
      written(result === 'ok' && !owner ? 'unknown' : result);
    });
  }
}

const NOTHING_MORE = Promise.resolve(false);
