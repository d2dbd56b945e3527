/**
 * Workload: what one benchmark says of itself and what it finds.
 *
 * Owns: the shapes. A figure is a ratio (or a size) beside its goal; a side is one thing that was measured, in absolute
 * numbers, which mean little on a shared machine. Does not own: how anything is measured.
 */

import type { Rate } from './measure';

export interface BenchOptions {
  /** Seconds in all instead of minutes: shows that everything runs, its figures are not to be trusted. */
  readonly quick: boolean;
  /** An existing directory on the disk to be measured; workloads make directories of their own in it. */
  readonly directory: string;
  /** One line of progress for people. */
  readonly say: (line: string) => void;
}

export interface Figure {
  /** What is compared with what. */
  readonly name: string;
  /** The goal of the list in the documentation, such as `P5`. */
  readonly goal: string;
  readonly bound: 'at least' | 'at most';
  readonly target: number;
  readonly unit: '×' | 'bytes' | '% of a core' | '%' | 'per update' | 's' | 'accounts';
  /** Median of the rounds. */
  readonly median: number;
  /** Lowest and highest round. */
  readonly spread: readonly [number, number];
}

export interface Side {
  readonly name: string;
  /** Of the median round; null where a side is not a rate. */
  readonly rate: Rate | null;
  /** What else was seen, in plain numbers by name. */
  readonly facts?: Readonly<Record<string, number | string>>;
}

export interface Findings {
  readonly figures: readonly Figure[];
  readonly sides: readonly Side[];
}

export interface Workload {
  readonly name: string;
  /** One sentence: what is measured and against what. */
  readonly about: string;
  run(options: BenchOptions): Promise<Findings>;
}

export function isMet({ bound, target, median }: Figure): boolean {
  return bound === 'at least' ? median >= target : median <= target;
}
