/**
 * Watchdog thread: looks at the step that the main thread says it runs, in a worker (S20).
 *
 * Owns: the looks, the rows through a connection of its own, the kill. Does not own: the decision (`step-watch`), what
 * a row means (`activation/poison`).
 *
 * Invariants: nothing that can block stands between the decision to kill and the kill; a row that was written is
 * removed when its step ends, also when the watchdog is stopped right then.
 */

import { write } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../framework/assert';
import { keyText } from '../../framework/model/identity';
import type { ConnectRunning } from '../ports/watchdog';
import type { SlotContent } from './step-slot';
import { SlotReader } from './step-slot';
import type { WatchBounds } from './step-watch';
import { StepWatch } from './step-watch';
import type { WatchdogThreadData } from './watchdog';

/** How long the last words may take on their way to standard error, which somebody may not read; then it dies without. */
const LAST_WORDS_MS = 2_000;
const STANDARD_ERROR = 2;

class WatchdogThread {
  private readonly watch: StepWatch;
  private readonly slot: SlotReader;
  /** What the row was written of; null where there is none. */
  private row: SlotContent | null = null;
  private writing: Promise<void> = Promise.resolve();
  private lookedAt = performance.now();

  constructor(
    memory: SharedArrayBuffer,
    private readonly bounds: WatchBounds,
    private readonly writeRow: ReturnType<ConnectRunning>,
  ) {
    this.slot = new SlotReader(memory);
    this.watch = new StepWatch(bounds);
  }

  look(): void {
    const { slot, watch, lookedAt } = this;
    const { step } = slot;
    this.lookedAt = performance.now();
    switch (watch.look(step, this.lookedAt - lookedAt, slot.debugged)) {
      case 'write':
        return this.set(slot.content(step));
      case 'remove':
        return this.remove();
      case 'kill':
        return this.kill(slot.content(step));
      case 'nothing':
    }
  }

  /** After the last look. */
  async stop(): Promise<void> {
    if (this.slot.step === 0) this.remove();
    await this.writing;
  }

  private set(content: SlotContent | null): void {
    if (content === null || content.written) return;
    this.row = content;
    this.write(
      () => this.writeRow(content.place, content.order, content.running),
      () => this.watch.failed(),
    );
  }

  private remove(): void {
    const { row } = this;
    if (row === null) return;
    this.row = null;
    this.write(
      () => this.writeRow(row.place, row.order + 1, null),
      () => undefined,
    );
  }

  /** One write after the other. What cannot be written now is a suspicion too few, or one too many. */
  private write(row: () => void | Promise<void>, failed: () => void): void {
    this.writing = this.writing.then(row).catch(failed);
  }

  private kill(content: SlotContent | null): void {
    if (content === null) return;
    const { key, input, build } = content.running;
    const fact = `${keyText(key)}: ${input} has run for ${this.bounds.killMs} ms on build ${build} and does not end`;
    const text = `perdure: ${fact}: this process is killed (S20)\n`;
    const end = (): void => void process.kill(process.pid, 'SIGKILL');
    write(STANDARD_ERROR, text, end);
    setTimeout(end, LAST_WORDS_MS);
  }
}

assert(parentPort, 'the watchdog thread is started as a worker');
const port = parentPort;
const { memory, bounds, writer } = workerData as WatchdogThreadData;

void import(pathToFileURL(writer.module).href).then((module: { connect: ConnectRunning }) => {
  const thread = new WatchdogThread(memory, bounds, module.connect(writer.options));
  const looks = setInterval(() => thread.look(), bounds.lookMs);
  port.once('message', () => {
    clearInterval(looks);
    void thread.stop().then(() => port.close());
  });
});
