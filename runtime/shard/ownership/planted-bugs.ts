/**
 * Planted bugs: named mistakes that the simulator switches on, to show that it would find them.
 *
 * Owns: which are on; none is unless `plantBug` was called, and only `sim/` calls it. Does not own: what each does; the
 * line that asks says so.
 */

export type PlantedBug = 'skip-fence-read' | 'skip-fence-row' | 'skip-tail-rewrite';

let planted: PlantedBug | null = null;

export function isPlanted(bug: PlantedBug): boolean {
  return planted === bug;
}

/** One at a time; null takes it away. */
export function plantBug(bug: PlantedBug | null): void {
  planted = bug;
}
