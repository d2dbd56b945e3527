/**
 * Owns: the last line of a test run, `N passed, N failed` alone on a line (`, N skipped` follows when anything was),
 * from Jest's own counts. A file that could not be run at all counts as one failure.
 *
 * Jest loads this file as it is, with Node's own type stripping: hence `module.exports`, and no imports.
 */

const { mkdirSync, readFileSync, writeFileSync } = process.getBuiltinModule('node:fs');
const { dirname } = process.getBuiltinModule('node:path');

/** The part of Jest's results that is counted here. */
export interface Counts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

const NOTHING: Counts = {
  numPassedTests: 0,
  numFailedTests: 0,
  numRuntimeErrorTestSuites: 0,
  numPendingTests: 0,
  numTodoTests: 0,
};

/** What the closing line says about `results`. */
function closingLine(results: Counts): string {
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  const skipped = results.numPendingTests + results.numTodoTests;
  const counts = `${results.numPassedTests} passed, ${failed} failed`;
  return skipped === 0 ? counts : `${counts}, ${skipped} skipped`;
}

/** The counts of two runs together. */
function sumOf(a: Counts, b: Counts): Counts {
  return {
    numPassedTests: a.numPassedTests + b.numPassedTests,
    numFailedTests: a.numFailedTests + b.numFailedTests,
    numRuntimeErrorTestSuites: a.numRuntimeErrorTestSuites + b.numRuntimeErrorTestSuites,
    numPendingTests: a.numPendingTests + b.numPendingTests,
    numTodoTests: a.numTodoTests + b.numTodoTests,
  };
}

/** Files in which the counts of one run wait for the next. */
export interface ClosingOptions {
  readonly keepIn?: string;
  readonly addFrom?: string;
}

/** A Jest reporter. It speaks when the process ends, because Jest writes its own summary after every reporter. */
class ClosingLine {
  readonly #options: ClosingOptions;

  constructor(_globalConfig: unknown, options: ClosingOptions = {}) {
    this.#options = options;
  }

  onRunComplete(_contexts: unknown, results: Counts): void {
    const { keepIn, addFrom } = this.#options;
    const before = addFrom === undefined ? null : (JSON.parse(readFileSync(addFrom, 'utf8')) as Counts);
    const counts = before === null ? results : sumOf(before, results);
    if (keepIn !== undefined) {
      mkdirSync(dirname(keepIn), { recursive: true });
      writeFileSync(keepIn, JSON.stringify(sumOf(counts, NOTHING)));
    }
    process.once('exit', () => process.stdout.write(`\n${closingLine(counts)}\n`));
  }
}

module.exports = Object.assign(ClosingLine, { closingLine });
