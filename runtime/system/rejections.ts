/**
 * Rejections: what becomes of a promise of a step's code that rejects and that nobody handles (S4).
 *
 * Owns: telling such a rejection from every other one. Does not own: what is said about it (`activation`).
 *
 * How: Node emits `unhandledRejection` in the async context in which the promise was rejected, so that the running step
 * of that context says whose it is. `process.emit` is asked instead of a listener, for a listener of ours would switch
 * off Node's default for everybody; a rejection of no step goes on to Node as if we were not here.
 *
 * Bounds: a promise whose `reject` an entity handed out and other code calls counts as the other code's from Node 24 on.
 * With `--unhandled-rejections=strict` Node does not ask. Inside Jest's VM `process` is a copy, and Jest's own handler
 * fails the test.
 */

import type { RunningStep } from '../../framework/core/running';
import { runningStep } from '../../framework/core/running';

export type ReportRejection = (step: RunningStep, reason: unknown) => void;

type Emit = typeof process.emit;
type Listen = (event: string, ...args: unknown[]) => boolean;

/** Reports rejections of steps from now on; every report is called for each. Gives back what ends it. */
export function watchRejections(report: ReportRejection): () => void {
  if (reports.size === 0) install();
  const own: ReportRejection = (step, reason) => report(step, reason);
  reports.add(own);
  return () => {
    reports.delete(own);
    if (reports.size === 0) uninstall();
  };
}

const reports = new Set<ReportRejection>();
let beneath: Emit | null = null;

function install(): void {
  if (beneath !== null) return;
  beneath = process.emit;
  process.emit = emit as Emit;
}

/** Where somebody has since put their own function on top, ours stays beneath it and passes everything on. */
function uninstall(): void {
  if (beneath === null || process.emit !== (emit as Emit)) return;
  process.emit = beneath;
  beneath = null;
}

function emit(this: unknown, event: string, ...args: unknown[]): boolean {
  if (event === 'unhandledRejection' && reports.size > 0) {
    const step = runningStep();
    if (step !== null) {
      for (const report of reports) report(step, args[0]);
      return true;
    }
  }
  return Reflect.apply(beneath as unknown as Listen, this ?? process, [event, ...args]);
}
