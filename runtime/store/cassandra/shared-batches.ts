/**
 * Shared batches: rows of several histories that are ready at the same time leave together (C12).
 *
 * Owns: who shares an unlogged batch, how many are on their way. Does not own: what an answer means (`connection`).
 *
 * Nothing waits for company: a row that finds room leaves when the microtasks that issued it have drained, with whatever
 * else was issued by then. Only while SHARED_BATCHES_IN_FLIGHT are on their way do rows gather.
 *
 * Invariants:
 * 1. At most SHARED_BATCH_PARTITIONS and BATCH_BYTES in one batch; what is longer by itself leaves by itself.
 * 2. What was issued first leaves first. A row is sent once (C12a), and its outcome is that of its batch. Only when its
 *    batch has done nothing for certain, as it is too long for the server's own bound, or one of its values does not fit
 *    its column, is it sent by itself: then that is its only attempt.
 * 3. What is written again after an unknown outcome shares nothing any more and waits for no batch: a partition that
 *    cannot be reached holds up others at most once.
 */

import { BATCH_BYTES, SHARED_BATCH_PARTITIONS, SHARED_BATCHES_IN_FLIGHT } from '../../config';
import type { WriteOutcome } from '../../ports/cluster-store';
import type { Query } from './connection';

/** Queries of one partition. */
interface Queued {
  readonly row: object;
  readonly queries: readonly Query[];
  readonly bytes: number;
  readonly tell: (outcome: WriteOutcome) => void;
  readonly fail: (mistake: unknown) => void;
}

/** Taken at import: a test framework may fake it later. */
const nextTick = process.nextTick.bind(process);
/** What `queueMicrotask` would do, which is faked too. */
const soon = Promise.resolve();

export class SharedBatches {
  private readonly queue: Queued[] = [];
  private inFlight = 0;
  private drained = true;
  /** Those of a batch whose outcome was unknown. */
  private readonly unsure = new WeakSet<object>();

  constructor(private readonly send: (queries: readonly Query[], partitions: number) => Promise<WriteOutcome>) {}

  /** `row` stands for them when they are written again; `bytes`: of their values, about. */
  write(row: object, queries: readonly Query[], bytes: number): Promise<WriteOutcome> {
    if (this.unsure.has(row)) return this.send(queries, 1);
    return new Promise((tell, fail) => {
      this.queue.push({ row, queries, bytes, tell, fail });
      if (!this.drained) return;
      this.drained = false;
      void soon.then(() => nextTick(() => this.drain()));
    });
  }

  private drain(): void {
    this.drained = true;
    while (this.queue.length > 0 && this.inFlight < SHARED_BATCHES_IN_FLIGHT)
      void this.leave(this.queue.splice(0, this.next()));
  }

  /** How many of the queue share the next batch. */
  private next(): number {
    let count = 0;
    for (let bytes = 0; count < Math.min(this.queue.length, SHARED_BATCH_PARTITIONS); count += 1) {
      bytes += this.queue[count]?.bytes ?? 0;
      if (bytes > BATCH_BYTES) break;
    }
    return Math.max(count, 1);
  }

  private async leave(batch: readonly Queued[]): Promise<void> {
    this.inFlight += 1;
    try {
      const queries = batch.flatMap((one) => one.queries);
      const outcome = await this.send(queries, batch.length);
      if (outcome === 'refused' && batch.length > 1) this.apart(batch);
      else this.answer(batch, outcome);
    } catch (mistake) {
      if (batch.length > 1) this.apart(batch);
      else for (const { fail } of batch) fail(mistake);
    } finally {
      this.inFlight -= 1;
      this.drain();
    }
  }

  private answer(batch: readonly Queued[], outcome: WriteOutcome): void {
    for (const { row, tell } of batch) {
      if (outcome === 'unknown') this.unsure.add(row);
      tell(outcome);
    }
  }

  /** Nothing of the batch has happened: each answers for itself. */
  private apart(batch: readonly Queued[]): void {
    for (const one of batch) void this.leave([one]);
  }
}
