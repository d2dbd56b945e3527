/**
 * Usage: what the simulator's commands take from their command line, checked.
 */

/** Its message is for whoever typed the command. */
export class UsageError extends Error {}

/** What `parse` gives; what it throws is told to the user. */
export function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export function whole(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`${option} is a whole number from ${least} to ${most}, not '${text}'`);
}

export function positive(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`${option} is a number above 0, not '${text}'`);
}

export function named<N extends string>(option: string, text: string, known: Readonly<Record<N, unknown>>): N {
  if (Object.hasOwn(known, text)) return text as N;
  throw new UsageError(`${option} is one of ${Object.keys(known).join(', ')}, not '${text}'`);
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
