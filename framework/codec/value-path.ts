/**
 * Path of a value inside another, for messages: `lines[3].sku`, `prices.entry(2).key`.
 *
 * Owns: how a step is held without allocation (a name, an index, or a negative number for the parts of Map and Set)
 * and how a path reads.
 */

export type PathStep = string | number;

export const mapKeyStep = (index: number): number => -1 - 3 * index;
export const mapValueStep = (index: number): number => -2 - 3 * index;
export const setItemStep = (index: number): number => -3 - 3 * index;

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
/** A path longer than this is cut in the middle of what it says. */
const MAX_STEPS = 24;

export function pathText(root: string, steps: readonly PathStep[]): string {
  const shown = steps.length > MAX_STEPS ? steps.slice(0, MAX_STEPS) : steps;
  return root + shown.map(stepText).join('') + (shown.length < steps.length ? '…' : '');
}

function stepText(step: PathStep): string {
  if (typeof step === 'string') return IDENTIFIER.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  if (step >= 0) return `[${step}]`;
  const index = Math.floor((-1 - step) / 3);
  return [`.entry(${index}).key`, `.entry(${index}).value`, `.item(${index})`][(-1 - step) % 3]!;
}
