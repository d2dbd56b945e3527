import type { Lease } from '../../ports/cluster-store';
import type { LeaseEvent, LeaseState } from './lease';
import { LeaseMachine, NOBODY } from './lease';

const THEIRS: Lease = { owner: 'other', epoch: 4, nonce: 'x' };
const FREE: Lease = { owner: NOBODY, epoch: 4, nonce: 'x' };
const MINE: Lease = { owner: 'me', epoch: 5, nonce: 'n1' };
const FIRST: Lease = { owner: 'me', epoch: 1, nonce: 'n1' };

const swapped = (outcome: 'ok' | 'refused' | 'unknown'): LeaseEvent => ({ kind: 'swapped', outcome });
const read = (found: Lease | null): LeaseEvent => ({ kind: 'read', found });
const wanted = (found: Lease | null, mayMark = false): LeaseEvent => ({ kind: 'wanted', found, mayMark });
const marked = (outcome: 'ok' | 'refused' | 'unknown'): LeaseEvent => ({ kind: 'marked', outcome });
const release: LeaseEvent = { kind: 'release', nonce: 'r' };
const toOwned: readonly LeaseEvent[] = [wanted(FREE), swapped('ok')];

function after(...events: readonly LeaseEvent[]): LeaseMachine {
  let drawn = 0;
  const machine = new LeaseMachine('me', () => `n${(drawn += 1)}`);
  for (const event of events) machine.on(event);
  return machine;
}

const CASES: readonly (readonly [string, readonly LeaseEvent[], LeaseState['at'], Lease | null])[] = [
  ['a lease that never was is claimed in epoch 1', [wanted(null), swapped('ok')], 'owned', FIRST],
  ['one that was given back is claimed in the next epoch', toOwned, 'owned', MINE],
  ['one of a session that may not be marked is left alone', [wanted(THEIRS)], 'idle', null],
  ['one of a suspected session waits for the mark', [wanted(THEIRS, true)], 'marking', null],
  ['a mark of unknown outcome is repeated', [wanted(THEIRS, true), marked('unknown')], 'marking', null],
  ['a mark that was refused is repeated', [wanted(THEIRS, true), marked('refused')], 'marking', null],
  ['after the mark the lease is claimed', [wanted(THEIRS, true), marked('ok'), swapped('ok')], 'owned', MINE],
  ['a first attempt that is refused ends it', [wanted(FREE), swapped('refused')], 'idle', null],
  ['an unknown attempt is settled by a read', [wanted(FREE), swapped('unknown')], 'settling', null],
  ['the nonce shows that it happened', [wanted(FREE), swapped('unknown'), read(MINE)], 'owned', MINE],
  ['it is repeated if it did not', [wanted(FREE), swapped('unknown'), read(FREE)], 'claiming', null],
  ['it is over if another was faster', [wanted(FREE), swapped('unknown'), read({ ...MINE, nonce: 'y' })], 'idle', null],
  [
    'a refusal after an unknown attempt may be of our own making',
    [wanted(FREE), swapped('unknown'), read(FREE), swapped('refused')],
    'settling',
    null,
  ],
  ['a release that is certain ends it', [...toOwned, release, swapped('ok')], 'idle', null],
  ['a release of unknown outcome is settled', [...toOwned, release, swapped('unknown')], 'settling-release', null],
  ['it is repeated while the lease is ours', [...toOwned, release, swapped('unknown'), read(MINE)], 'releasing', null],
  ['it is over once the lease is not', [...toOwned, release, swapped('unknown'), read(THEIRS)], 'idle', null],
  ['a late answer to an older attempt changes nothing', [...toOwned, swapped('refused'), read(null)], 'owned', MINE],
];

describe('the states of a lease', () => {
  it.each(CASES)('%s (C3, C4)', (_, events, at, lease) => {
    const { state } = after(...events);
    expect(state.at).toBe(at);
    if (lease !== null) expect(state).toEqual({ at: 'owned', lease });
  });

  it('repeats an unknown attempt with the same nonce, never another one (C3)', () => {
    const machine = after(wanted(FREE));
    const first = machine.act;
    machine.on(swapped('unknown'));
    expect(machine.act).toEqual({ kind: 'read' });
    machine.on(read(FREE));
    expect(machine.act).toEqual(first);
  });

  it('gives a lease back to nobody, in its own epoch (C4)', () => {
    const { act } = after(...toOwned, release);
    expect(act).toEqual({ kind: 'swap', expected: MINE, next: { owner: NOBODY, epoch: 5, nonce: 'r' } });
  });
});
