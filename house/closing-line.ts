/**
 * Owns: the last line of a test run, `N passed, N failed` alone on a line (`, N skipped` follows when anything was),
 * from Jest's own counts. A file that could not be run at all counts as one failure.
 *
 * Jest loads this file as it is, with Node's own type stripping: hence `module.exports`.
 */

/** The part of Jest's results that is counted here. */
export interface Counts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

/** What the closing line says about `results`. */
function closingLine(results: Counts): string {
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  const skipped = results.numPendingTests + results.numTodoTests;
  const counts = `${results.numPassedTests} passed, ${failed} failed`;
  return skipped === 0 ? counts : `${counts}, ${skipped} skipped`;
}

/** A Jest reporter. It speaks when the process ends, because Jest writes its own summary after every reporter. */
class ClosingLine {
  onRunComplete(_contexts: unknown, results: Counts): void {
    process.once('exit', () => process.stdout.write(`\n${closingLine(results)}\n`));
  }
}

module.exports = Object.assign(ClosingLine, { closingLine });
