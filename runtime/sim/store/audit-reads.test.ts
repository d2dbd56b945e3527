import { PROFILES, FaultDial } from '../faults/fault-profile';
import { World } from '../world/world';
import { AuditReads } from './audit-reads';
import type { Cell } from './replica';
import { storeCluster } from './store-cluster';

const ALL = -Infinity;

function cell(major: number, timestamp = 1): Cell {
  return { major, minor: 0, timestamp, value: 'v' };
}

function audited() {
  const world = new World({ seed: 1 });
  const cluster = storeCluster(world, new FaultDial(PROFILES.calm), 1);
  const [first, second, third] = cluster.set.nodes.map(({ replica }) => replica);
  return { cluster, first, second, third, reads: new AuditReads(cluster) };
}

describe('the reads of an audit', () => {
  it('merge what two replicas hold', () => {
    const { first, second, reads } = audited();
    first?.apply({ partition: 'p', cells: [cell(1)] });
    second?.apply({ partition: 'p', cells: [cell(2)] });
    expect(reads.read({ partition: 'p', fromMajor: ALL }).map(({ major }) => major)).toEqual([1, 2]);
  });

  it('show what a deleted partition held', () => {
    const { cluster, first, second, reads } = audited();
    for (const replica of [first, second]) replica?.apply({ partition: 'p', cells: [cell(1)] });
    cluster.archive.keep('p');
    const deletion: Cell = { major: -Infinity, minor: 0, timestamp: 2, value: null };
    for (const replica of [first, second]) replica?.apply({ partition: 'p', cells: [deletion] });
    expect(reads.read({ partition: 'p', fromMajor: ALL }).filter(({ value }) => value !== null)).toEqual([cell(1)]);
  });

  it.each([
    ['a row', ({ second }) => second?.apply({ partition: 'p', cells: [cell(2)] })],
    ['a row where there was none', ({ first }) => first?.apply({ partition: 'empty', cells: [cell(2)] })],
    ['a replica that forgets', ({ first }) => first?.forget()],
  ] satisfies [string, (audit: ReturnType<typeof audited>) => void][])(
    'stand until %s comes to what was read',
    (_, change) => {
      const audit = audited();
      const { first, second, third, reads } = audit;
      for (const replica of [first, second]) replica?.apply({ partition: 'p', cells: [cell(1)] });
      for (const partition of ['p', 'empty']) reads.read({ partition, fromMajor: ALL });
      first?.apply({ partition: 'other', cells: [cell(1)] });
      third?.apply({ partition: 'p', cells: [cell(3)] });
      expect(reads.stand).toBe(true);
      change(audit);
      expect(reads.stand).toBe(false);
    },
  );
});

describe('when something has come to a quorum', () => {
  it('is told by the second replica that has it, however late it came', () => {
    const { cluster, first, third } = audited();
    const seenFrom = (): number => cluster.set.seenFromMs('p');
    expect(seenFrom()).toBe(Infinity);
    third?.apply({ partition: 'p', cells: [cell(1)] }, 5);
    expect(seenFrom()).toBe(Infinity);
    first?.apply({ partition: 'p', cells: [cell(1)] }, 9);
    third?.apply({ partition: 'p', cells: [cell(2)] }, 12);
    expect(seenFrom()).toBe(9);
    first?.forget();
    expect(seenFrom()).toBe(Infinity);
  });
});
