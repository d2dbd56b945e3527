/**
 * Report: what a run of faults has shown so far, as JSON that a later run goes on with, and as text.
 *
 * Owns: the shape of the file, sums over its parts, what is demanded of a run. Does not own: running (`fault-run`), the
 * verdict over answers (`judgement`).
 *
 * A part is what one cluster went through. Its faults count once all that its callers were told has been judged: those of
 * a part that was broken off are run again.
 */

import type { Cost } from './cost';
import { quantile } from './cost';
import type { Judgement } from './judgement';
import type { FaultName } from './kinds';
import { HOST_DEATHS } from './kinds';

/** From a fault's beginning until all was well again. */
export interface FaultReport extends Cost {
  readonly name: FaultName;
  readonly at: string;
}

export interface PartReport {
  readonly faults: readonly FaultReport[];
  readonly minutes: number;
  /** Of the whole part. */
  readonly cost: Cost;
  /** Null until all was judged. */
  readonly judgement: Judgement | null;
}

export interface RunReport {
  readonly seed: number;
  readonly nodes: number;
  readonly faultsWanted: number;
  /** Kinds that could not be run here, with the reason. */
  readonly notRun: Readonly<Record<string, string>>;
  readonly parts: readonly PartReport[];
}

export interface Summary {
  readonly faults: number;
  readonly answered: number;
  readonly refused: number;
  readonly unknown: number;
  readonly minutes: number;
  readonly histories: number;
  readonly undecided: number;
  /** From the death of a host until everybody was answered who had waited for it. */
  readonly hostDeaths: { readonly count: number; readonly p50Ms: number | null; readonly p99Ms: number | null };
  /** What a run must not show; empty if it passed. */
  readonly wrong: readonly string[];
}

/** p99 of recovery from a host's death. */
export const RECOVERY_LIMIT_MS = 15_000;

export function judgedParts({ parts }: RunReport): PartReport[] {
  return parts.filter(({ judgement }) => judgement !== null);
}

export function summaryOf(report: RunReport): Summary {
  const parts = judgedParts(report);
  const faults = parts.flatMap((part) => part.faults);
  const sum = (of: (part: PartReport) => number): number => parts.reduce((all, part) => all + of(part), 0);
  const recoveries = faults.filter(({ name }) => HOST_DEATHS.has(name)).map(({ waitedMs }) => waitedMs);
  const p99Ms = quantile(recoveries, 0.99);
  const late = (p99Ms ?? 0) > RECOVERY_LIMIT_MS;
  const slow = `p99 of recovery from a host's death is ${p99Ms} ms, more than ${RECOVERY_LIMIT_MS}`;
  return {
    faults: faults.length,
    answered: sum(({ cost }) => cost.answered),
    refused: sum(({ cost }) => cost.refused),
    unknown: sum(({ cost }) => cost.unknown),
    minutes: Math.round(sum(({ minutes }) => minutes)),
    histories: sum(({ judgement }) => judgement?.histories ?? 0),
    undecided: sum(({ judgement }) => judgement?.undecided ?? 0),
    hostDeaths: { count: recoveries.length, p50Ms: quantile(recoveries, 0.5), p99Ms },
    wrong: [...parts.flatMap(({ judgement }) => judgement?.wrong ?? []), ...(late ? [slow] : [])],
  };
}

export function lineOf(n: number, fault: FaultReport): string {
  const { name, silentMs, waitedMs, waited, answered, refused, unknown } = fault;
  const waits = `silent ${seconds(silentMs)}, longest wait ${seconds(waitedMs)} (${waited ?? '-'})`;
  const outcomes = `${answered} answered, ${refused} refused, ${unknown} unknown`;
  return `${String(n).padStart(4)} ${name.padEnd(NAME_WIDTH)} ${waits}; ${outcomes}`;
}

/** Every kind with what it cost, the totals, and the verdict. */
export function textOf(report: RunReport): string {
  const { faults, answered, refused, unknown, minutes, histories, undecided, hostDeaths, wrong } = summaryOf(report);
  const { count, p50Ms, p99Ms } = hostDeaths;
  const recovery = count === 0 ? 'no host died' : `p50 ${seconds(p50Ms)}, p99 ${seconds(p99Ms)}`;
  return [
    `${'kind'.padEnd(NAME_WIDTH)} times  silent: median    most  longest wait  refused  unknown`,
    ...kindLines(judgedParts(report).flatMap((part) => part.faults)),
    ...Object.entries(report.notRun).map(([name, why]) => `NOT RUN: ${name}: ${why}`),
    '',
    `${faults} of ${report.faultsWanted} faults in ${minutes} minutes, seed ${report.seed}, ${report.nodes} nodes`,
    `${answered} answers, ${refused} of them refusals; ${unknown} outcomes that nobody was told`,
    `recovery from a host's death, ${count} times: ${recovery} (limit ${seconds(RECOVERY_LIMIT_MS)})`,
    `${histories} histories judged, ${undecided} of them given up as too hard to decide`,
    ...(wrong.length === 0 ? ['0 lost, 0 doubled: all that was told is linearizable'] : ['FAILED', ...wrong]),
  ].join('\n');
}

const NAME_WIDTH = 40;

function kindLines(faults: readonly FaultReport[]): string[] {
  const names = [...new Set(faults.map(({ name }) => name))].sort();
  return names.map((name) => {
    const all = faults.filter((fault) => fault.name === name);
    const silent = all.map(({ silentMs }) => silentMs);
    const most = (of: (cost: Cost) => number): number => Math.max(...all.map(of));
    const sum = (of: (cost: Cost) => number): string => String(all.reduce((total, cost) => total + of(cost), 0));
    return [
      name.padEnd(NAME_WIDTH),
      String(all.length).padStart(5),
      seconds(quantile(silent, 0.5)).padStart(15),
      seconds(most(({ silentMs }) => silentMs)).padStart(7),
      seconds(most(({ waitedMs }) => waitedMs)).padStart(13),
      sum(({ refused }) => refused).padStart(8),
      sum(({ unknown }) => unknown).padStart(8),
    ].join(' ');
  });
}

function seconds(ms: number | null): string {
  return ms === null ? '-' : `${(ms / 1_000).toFixed(1)} s`;
}
