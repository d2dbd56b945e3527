import { MAX_SUSPICIONS } from '../config';
import { keyOf } from './store.fixture';
import { RunningTable } from './running-table';

const running = { key: keyOf('a'), input: 'timer 1', build: 'b1' };

describe('running table', () => {
  it('keeps the newest suspicions, so that their number is bounded (S20)', () => {
    const table = new RunningTable();
    for (let epoch = 1; epoch <= MAX_SUSPICIONS + 2; epoch += 1) table.apply({ epoch, order: 2, running });
    const { left } = table.session(MAX_SUSPICIONS + 2, async () => true);
    expect([left.length, left[0]?.epoch, left.at(-1)?.epoch]).toEqual([MAX_SUSPICIONS, 2, MAX_SUSPICIONS + 1]);
  });

  it('is the same when it is made again from its writes (S20)', () => {
    const table = new RunningTable();
    table.apply({ epoch: 1, order: 2, running });
    table.apply({ epoch: 2, order: 4, running });
    table.apply({ epoch: 2, order: 5, running: null });
    table.apply({ stable: 2 });
    const again = new RunningTable();
    for (const write of table.writes()) again.apply(write);
    const session = again.session(3, async () => true);
    expect(session).toMatchObject({ left: [{ epoch: 1, ...running }], stable: 2 });
    again.apply({ epoch: 1, order: Number.MAX_SAFE_INTEGER, running: null });
    expect(again.standing(3)).toEqual([]);
  });
});
