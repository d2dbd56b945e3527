/**
 * Victim: one host process, from the parent's side.
 *
 * Owns: orders and outcomes over IPC, and its death. An outcome counts only if it was received before `kill` resolved.
 */

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { ChildReport, Order, Outcome } from './protocol.fixture';

const PROGRAM = join(__dirname, '../../dist/runtime/crash/host.child.js');

/** An order without its number. */
type Unnumbered<T> = T extends { readonly n: number } ? Omit<T, 'n'> : never;

export class Victim {
  /** Errors that the host logged: none is expected. */
  readonly errors: string[] = [];
  readonly ready: Promise<void>;
  readonly opened: Promise<void>;
  private readonly child: ChildProcess;
  private readonly pending = new Map<number, (outcome: Outcome | null) => void>();
  private readonly gone: Promise<void>;
  private n = 0;
  private dead = false;

  constructor() {
    this.child = fork(PROGRAM, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const reports = new Map<string, () => void>();
    this.ready = new Promise((resolve) => reports.set('ready', resolve));
    this.opened = new Promise((resolve) => reports.set('open', resolve));
    this.child.on('message', (report: ChildReport) => {
      if (report.kind === 'error') this.errors.push(report.message);
      else if (report.kind === 'outcome') this.settle(report.n, report.outcome);
      else reports.get(report.kind)?.();
    });
    const disconnected = new Promise<void>((resolve) => this.child.once('disconnect', resolve));
    const exited = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    this.gone = Promise.all([disconnected, exited]).then(() => {
      this.dead = true;
      for (const n of [...this.pending.keys()]) this.settle(n, null);
      for (const tell of reports.values()) tell();
    });
  }

  async open(directory: string, effects: string): Promise<void> {
    await this.ready;
    this.send({ kind: 'open', directory, effects });
  }

  /** Null when it died before its answer was received. */
  ask(order: Unnumbered<Order>): Promise<Outcome | null> {
    if (this.dead) return Promise.resolve(null);
    const n = (this.n += 1);
    return new Promise((resolve) => {
      this.pending.set(n, resolve);
      this.send({ ...order, n });
    });
  }

  /** SIGKILL; resolves when the process is gone and everything it had said has been read. */
  kill(): Promise<void> {
    this.child.kill('SIGKILL');
    return this.gone;
  }

  private send(order: Order): void {
    this.child.send(order, () => undefined);
  }

  private settle(n: number, outcome: Outcome | null): void {
    this.pending.get(n)?.(outcome);
    this.pending.delete(n);
  }
}
