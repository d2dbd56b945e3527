/**
 * Open turn: the steps of an entity that will share one record (S1, S5), and what waits for it.
 *
 * Invariant: no release runs before the record is durable and fenced (architecture §2).
 */

import type { Entry, Input } from '../../framework/core/history';
import type { Answer } from './replies';

export interface Release {
  run(): void;
  /** Who is told if it never runs; null where somebody else sees to that. */
  readonly answer: Answer | null;
}

/** Shared by the turns in which nothing has happened yet: each entity at rest has one (P11). */
const NONE: readonly never[] = [];

export class OpenTurn {
  private steps: Entry[] | null = null;
  private waiting: Release[] | null = null;
  /** Estimate of the record's length. */
  bytes = 0;

  constructor(readonly seq: number) {}

  get entries(): readonly Entry[] {
    return this.steps ?? NONE;
  }

  get nextIndex(): number {
    return this.entries.length;
  }

  get empty(): boolean {
    return this.entries.length === 0;
  }

  add(entry: Entry): void {
    if (this.steps === null) this.steps = [entry];
    else this.steps.push(entry);
    this.bytes += ENTRY_BYTES + sizeOf(entry);
  }

  /** A reply or effect that is let go once the record is committed. */
  release(release: Release): void {
    if (this.waiting === null) this.waiting = [release];
    else this.waiting.push(release);
  }

  /** What waits for the record, in order; from now on nothing does. */
  takeReleases(): readonly Release[] {
    const { waiting } = this;
    this.waiting = null;
    return waiting ?? NONE;
  }
}

const ENTRY_BYTES = 64;

function sizeOf(entry: Entry): number {
  if (entry.kind === 'hold') return 0;
  if (entry.kind === 'admit') return inputBytes(entry.input);
  let bytes = 'input' in entry.source ? inputBytes(entry.source.input) : 0;
  for (const one of entry.consequences) {
    if (one.kind === 'activity') bytes += one.args.length;
    if (one.kind === 'sideEffect') bytes += one.value.length;
    if (one.kind === 'outcome' && one.outcome.ok) bytes += one.outcome.value.length;
  }
  return bytes;
}

function inputBytes(input: Input): number {
  if (input.kind === 'message') return input.args.length;
  return 'outcome' in input && input.outcome.ok ? input.outcome.value.length : 0;
}
