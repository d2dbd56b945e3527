import type { FaultName } from './kinds';
import type { FaultReport, PartReport, RunReport } from './report';
import { judgedParts, lineOf, RECOVERY_LIMIT_MS, summaryOf, textOf } from './report';

const fault = (name: FaultName, waitedMs: number, silentMs = 1_000): FaultReport => {
  return { name, at: '', silentMs, waitedMs, waited: 'account', answered: 10, refused: 2, unknown: 1 };
};
const part = (faults: readonly FaultReport[], wrong: readonly string[] | null = []): PartReport => {
  const judgement = wrong && { wrong, histories: 4, undecided: 1 };
  return { faults, minutes: 2, cost: { ...fault('NATS killed', 9), answered: 50 }, judgement };
};
const run = (...parts: readonly PartReport[]): RunReport => {
  return { seed: 7, nodes: 3, faultsWanted: 5, notRun: { 'Cassandra disk full': 'nothing can be mounted' }, parts };
};

describe('the report of a run of faults', () => {
  const whole = run(
    part([fault('host killed', 8_000), fault('NATS killed', 30_000)]),
    part([fault('host stopped for a minute', 9_000), fault('NATS killed', 1_000, 5_000)]),
  );

  it('sums up its parts, and takes the recovery from deaths of hosts alone', () => {
    expect(summaryOf(whole)).toMatchObject({
      faults: 4,
      answered: 100,
      minutes: 4,
      histories: 8,
      undecided: 2,
      wrong: [],
    });
    expect(summaryOf(whole).hostDeaths).toEqual({ count: 2, p50Ms: 8_000, p99Ms: 9_000 });
  });

  it('names every kind with what it cost, what was not run, and the totals', () => {
    const text = textOf(whole);
    expect(text).toMatch(/NATS killed +2 +1.0 s +5.0 s +30.0 s +4 +2\n/);
    expect(text).toContain('NOT RUN: Cassandra disk full: nothing can be mounted');
    expect(text).toContain('4 of 5 faults');
    expect(text).toContain('p50 8.0 s, p99 9.0 s (limit 15.0 s)');
    expect(text).toContain('0 lost, 0 doubled');
    expect(lineOf(3, fault('NATS killed', 2_000))).toMatch(
      /3 NATS killed .*wait 2.0 s \(account\); 10 answered, 2 refused, 1 unknown/,
    );
  });

  it('fails for what no order explains', () => {
    const text = textOf(run(part([], []), part([], ['list 1.1 (lost)'])));
    expect(text).toContain('FAILED\nlist 1.1 (lost)');
    expect(text).not.toContain('0 lost');
  });

  it('fails when hosts are not replaced in time', () => {
    expect(summaryOf(run(part([fault('host killed', RECOVERY_LIMIT_MS)]))).wrong).toEqual([]);
    const late = run(part([fault('host killed', 1_000), fault('host killed', RECOVERY_LIMIT_MS + 1)]));
    expect(summaryOf(late).wrong).toEqual([expect.stringContaining('15001 ms')]);
  });

  it('does not count a part that was broken off before it was judged', () => {
    const broken = run(part([fault('NATS killed', 1)]), part([fault('NATS killed', 1)], null));
    expect(judgedParts(broken)).toEqual([broken.parts[0]]);
    expect(summaryOf(broken).faults).toBe(1);
  });
});
