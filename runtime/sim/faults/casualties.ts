/**
 * Casualties: the processes of a world that a step took with it, and what their sessions had written of it (S20).
 *
 * Owns: noting them, and the two things that S20 promises of them. Does not own: how a step does that (`sim-watchdog`),
 * what becomes of its entity (the workload).
 *
 * 1. An input does not run once POISON_DEATHS processes of one build have died of it and left a durable row each, before
 *    the session began.
 * 2. After UNSTABLE_EPOCHS sessions that did not come to be stable no step runs that is not written down, unless the
 *    process has survived the last of them.
 * 3. Nothing is refused, or held, for what it did that has not been written down in as many sessions.
 */

import type { EntityKey } from '../../../framework/model/identity';
import { keyText } from '../../../framework/model/identity';
import { POISON_DEATHS, UNSTABLE_EPOCHS } from '../../config';
import type { Place, Running, WatchedStep } from '../../ports/watchdog';
import type { SimProcess } from '../world/sim-process';
import type { World } from '../world/world';

export interface Casualty {
  /** As the workload calls it. */
  readonly what: string;
  readonly step: WatchedStep;
  readonly process: SimProcess;
  /** When its row was durable; null if nobody knows that it ever was. */
  rowAtMs: number | null;
}

interface Opening {
  /** Nothing was read before. */
  readonly sinceMs: number;
  readonly processes: Set<SimProcess>;
}

export class Casualties {
  /** Of the first that should not have fallen; null if none. */
  fault: string | null = null;
  private readonly fallen: Casualty[] = [];
  private readonly openings = new Map<string, Opening>();
  private readonly stable = new Map<number, number>();
  /** By input, the places that have had a row of it. */
  private readonly rows = new Map<string, Set<string>>();

  constructor(private readonly world: World) {}

  fell(what: string, step: WatchedStep, process: SimProcess): Casualty {
    const rowAtMs = step.written ? this.world.nowMs : null;
    const casualty = { what, step, process, rowAtMs };
    const fault = this.tooMany(casualty) ?? this.careless(casualty);
    if (fault !== null) this.fault ??= `${inputText(step.key, step.input)} (${what}) ${fault}`;
    this.fallen.push(casualty);
    return casualty;
  }

  /** A process sets out to have the place. */
  opening(place: Place, process: SimProcess): void {
    const text = placeText(place);
    const opening = this.openings.get(text) ?? { sinceMs: this.world.nowMs, processes: new Set() };
    opening.processes.add(process);
    this.openings.set(text, opening);
  }

  /** A session says that it is stable. */
  settled({ shard, epoch }: Place): void {
    this.stable.set(shard, Math.max(this.stable.get(shard) ?? 0, epoch));
  }

  /** A row is asked to be written. */
  issued(place: Place, { key, input }: Running): void {
    const text = inputText(key, input);
    const places = this.rows.get(text) ?? new Set();
    this.rows.set(text, places.add(placeText(place)));
  }

  /** How many processes it has taken. */
  takenBy(what: string): number {
    return this.fallen.filter((casualty) => casualty.what === what).length;
  }

  /** Whether what is told of an input that must not run may be so. */
  excuse(message: string): boolean {
    const found = [...this.rows].find(([text]) => message.includes(`${text} did not end`));
    return found !== undefined && found[1].size >= POISON_DEATHS;
  }

  private tooMany({ step }: Casualty): string | null {
    const sinceMs = this.openings.get(placeText(step.place))?.sinceMs ?? 0;
    const known = this.fallen.filter(({ step: other, rowAtMs }) => {
      const same = inputText(other.key, other.input) === inputText(step.key, step.input) && other.build === step.build;
      return same && rowAtMs !== null && rowAtMs <= sinceMs;
    });
    if (known.length < POISON_DEATHS) return null;
    return `ran on build ${step.build} although ${known.length} of its processes had died of it (S20)`;
  }

  private careless({ step: { place, written, input }, process }: Casualty): string | null {
    const { shard, epoch } = place;
    if (written || input.startsWith('arguments ')) return null;
    const last = this.openings.get(placeText({ shard, epoch: epoch - 1 }));
    const unstable = epoch - (this.stable.get(shard) ?? 0) > UNSTABLE_EPOCHS;
    if (!unstable || last?.processes.has(process) === true) return null;
    return `ran without being written down, after ${UNSTABLE_EPOCHS} sessions that were not stable (S20)`;
  }
}

const all = new WeakMap<World, Casualties>();

export function casualtiesOf(world: World): Casualties {
  const found = all.get(world) ?? new Casualties(world);
  all.set(world, found);
  return found;
}

function placeText({ shard, epoch }: Place): string {
  return `${shard}.${epoch}`;
}

function inputText(key: EntityKey, input: string): string {
  return `${keyText(key)}: ${input}`;
}
