/**
 * Report: findings as a table for people and as JSON for programs.
 */

import { arch, availableParallelism, cpus, platform } from 'node:os';
import { writeFileSync } from 'node:fs';
import type { Rate } from './measure';
import type { Figure, Findings, Side, Workload } from './workload';
import { isMet } from './workload';

export interface Reported extends Findings {
  readonly name: string;
  readonly about: string;
  /** Why the workload did not come to its end; null when it did. */
  readonly error: string | null;
}

export interface Report {
  readonly startedAt: string;
  /** A quick run shows that everything works; its figures are not to be trusted. */
  readonly quick: boolean;
  readonly machine: { readonly node: string; readonly platform: string; readonly cpu: string; readonly cores: number };
  readonly workloads: readonly Reported[];
}

export function machine(): Report['machine'] {
  return {
    node: process.version,
    platform: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
  };
}

export function writeJson(path: string, report: Report): void {
  const rows = report.workloads.map((workload) => ({
    ...workload,
    figures: workload.figures.map((figure) => ({ ...figure, met: isMet(figure) })),
  }));
  writeFileSync(path, `${JSON.stringify({ ...report, workloads: rows }, null, 2)}\n`);
}

/** The text of one workload. */
export function workloadText({ name, about }: Workload, findings: Findings): string {
  const figures = findings.figures.map((figure) => [
    isMet(figure) ? 'met' : 'MISSED',
    figure.goal,
    figure.name,
    `${amount(figure.median, figure.unit)}`,
    `${amount(figure.spread[0], figure.unit)} … ${amount(figure.spread[1], figure.unit)}`,
    `${figure.bound} ${amount(figure.target, figure.unit)}`,
  ]);
  const head = ['', 'goal', 'figure', 'median', 'spread', 'target'];
  const rates = findings.sides.filter((side) => side.rate !== null);
  const lines = [`\n${name}: ${about}`, ...table([head, ...figures])];
  if (rates.length > 0) lines.push('', ...table([RATE_HEAD, ...rates.map(rateRow)]));
  const facts = findings.sides.filter((side) => side.facts !== undefined).map(factLine);
  if (facts.length > 0) lines.push('', ...facts);
  return lines.join('\n');
}

const RATE_HEAD = ['side', '/s', 'p50 ms', 'p99 ms', 'CPU µs', 'fsyncs', 'record B', 'disk B'];

function rateRow(side: Side): string[] {
  const { perSecond, p50Ms, p99Ms, cpuUs, fsyncs, recordBytes, diskBytes } = side.rate as Rate;
  return [
    side.name,
    Math.round(perSecond).toLocaleString('en'),
    p50Ms.toFixed(3),
    p99Ms.toFixed(3),
    cpuUs.toFixed(1),
    fsyncs === null ? '–' : fsyncs.toFixed(4),
    recordBytes === null ? '–' : recordBytes.toFixed(0),
    diskBytes === null ? '–' : diskBytes.toFixed(0),
  ];
}

function factLine({ name, facts = {} }: Side): string {
  const told = Object.entries(facts).map(
    ([fact, value]) => `${fact} ${typeof value === 'number' ? Number(value.toFixed(3)).toLocaleString('en') : value}`,
  );
  return `  ${name}: ${told.join(', ')}`;
}

function amount(value: number, unit: Figure['unit']): string {
  if (unit === 'bytes') return `${value.toFixed(0)} B`;
  return unit === 'accounts' ? value.toFixed(0) : `${value.toFixed(2)} ${unit === '% of a core' ? '%' : unit}`;
}

/** Columns of equal width; all but the names to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => pad(cell, widths[column] ?? 0, column, row.length)).join('  ')}`.trimEnd(),
  );
}

function pad(cell: string, width: number, column: number, columns: number): string {
  const leftmost = columns === RATE_HEAD.length ? 1 : 3;
  return column < leftmost ? cell.padEnd(width) : cell.padStart(width);
}
