import type { Counts } from './closing-line';

const { closingLine } = jest.requireActual<{ closingLine(results: Counts): string }>('./closing-line');

const counts = {
  numPassedTests: 12,
  numFailedTests: 0,
  numRuntimeErrorTestSuites: 0,
  numPendingTests: 0,
  numTodoTests: 0,
};

describe('the closing line of a test run', () => {
  it('says how many passed and failed, and nothing else', () => {
    expect(closingLine(counts)).toBe('12 passed, 0 failed');
  });

  it('counts a file that could not be run as a failure', () => {
    expect(closingLine({ ...counts, numFailedTests: 2, numRuntimeErrorTestSuites: 1 })).toBe('12 passed, 3 failed');
  });

  it('never hides what was skipped', () => {
    expect(closingLine({ ...counts, numPendingTests: 1, numTodoTests: 1 })).toBe('12 passed, 0 failed, 2 skipped');
  });
});
