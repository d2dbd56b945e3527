import type { EntityKey } from '../../framework/model/identity';
import type { Input } from '../../framework/core/history';
import { INPUT_NAME_CHARS } from '../config';
import type { Running, RunningRow, RunningRows, WatchedStep } from '../ports/watchdog';
import { inputName, isCareful, Poison, REPLAY } from './poison';

const KEY: EntityKey = { namespace: 'default', type: 'job', id: 'A' };
const OTHER: EntityKey = { ...KEY, id: 'B' };

interface Bench {
  readonly poison: Poison;
  readonly log: string[];
}

/** `left`: build and input, one for each session that died. The log tells writes and steps in order. */
function bench(
  left: readonly [build: string, input: string][],
  stable = left.length,
  survived?: (epoch: number) => boolean,
): Bench {
  const log: string[] = [];
  const rows: RunningRows = {
    place: { shard: 0, epoch: left.length + 1 },
    left: left.map(([build, input], i): RunningRow => ({ epoch: i + 1, key: KEY, input, build })),
    stable,
    write: async (order, running: Running | null) => {
      log.push(`write ${order} ${running?.input ?? 'nothing'}`);
      return true;
    },
    forget: async (gone) => void log.push(`forget ${gone.map(({ epoch }) => epoch).join(' ')}`),
    settle: async () => void log.push('settle'),
  };
  const watchdog = {
    begin: ({ order, input, written }: WatchedStep) => void log.push(`begin ${order} ${input}${written ? ' !' : ''}`),
    end: () => void log.push('end'),
  };
  return { poison: new Poison(rows, watchdog, 'b1', survived), log };
}

describe('an input that took its process with it', () => {
  it('is not suspected for a session that this very process has survived, whose row goes (S20)', () => {
    const twice: [string, string][] = [
      ['b1', 'timer 1'],
      ['b1', 'timer 1'],
    ];
    const { poison, log } = bench(twice, 0, (epoch) => epoch === 2);
    expect(poison.refusal(KEY, 'timer 1')).toBeNull();
    expect(poison.announce(KEY, 'timer 1')).toBeNull();
    expect(log).toEqual(['forget 2', 'settle']);
  });

  it.each<[string, [string, string][], boolean]>([
    ['none', [], false],
    ['one', [['b1', 'timer 1']], false],
    [
      'two',
      [
        ['b1', 'timer 1'],
        ['b1', 'timer 1'],
      ],
      true,
    ],
    [
      'two with another between',
      [
        ['b1', 'timer 1'],
        ['b1', 'timer 2'],
        ['b1', 'timer 1'],
      ],
      true,
    ],
    [
      'two of another input',
      [
        ['b1', 'timer 2'],
        ['b1', 'timer 2'],
      ],
      false,
    ],
    [
      'one on each of two builds',
      [
        ['b1', 'timer 1'],
        ['b2', 'timer 1'],
      ],
      false,
    ],
    [
      'two on another build',
      [
        ['b2', 'timer 1'],
        ['b2', 'timer 1'],
      ],
      false,
    ],
  ])('with %s suspicions (S20)', (_, left, refused) => {
    const { poison } = bench(left);
    expect(poison.refusal(KEY, 'timer 1') !== null).toBe(refused);
    expect(poison.refusal(OTHER, 'timer 1')).toBeNull();
    expect(poison.loadRefusal(KEY)).toBeNull();
  });

  it('is suspected until it is known to be done with, and its rows go then (S20)', () => {
    const { poison, log } = bench([
      ['b1', 'timer 1'],
      ['b1', 'timer 2'],
      ['b1', 'timer 1'],
    ]);
    const committed = poison.doneWith(KEY, 'timer 1');
    expect(poison.refusal(KEY, 'timer 1')).not.toBeNull();
    expect(log).toEqual([]);
    committed?.();
    expect(poison.refusal(KEY, 'timer 1')).toBeNull();
    expect(log).toEqual(['forget 1 3']);
    expect(poison.doneWith(KEY, 'timer 1')).toBeNull();
  });

  it('keeps its entity out of memory when it was a replay, until an operator wants it loaded (S20)', () => {
    const { poison, log } = bench([
      ['b1', REPLAY],
      ['b1', REPLAY],
    ]);
    expect(poison.loadRefusal(KEY)).toMatchObject({ code: 'internal', reason: 'divergence' });
    expect(poison.loadRefusal(OTHER)).toBeNull();
    poison.pardon(KEY);
    expect(poison.loadRefusal(KEY)).toBeNull();
    expect(log).toEqual(['forget 1 2']);
  });
});

describe('a careful session', () => {
  it.each([
    [1, 0, false],
    [2, 0, false],
    [3, 0, true],
    [9, 7, false],
    [9, 6, true],
  ])('epoch %d after stable %d: %s (S20)', (epoch, stable, careful) => {
    expect(isCareful({ place: { shard: 0, epoch }, stable })).toBe(careful);
  });

  it('has a row of each step before it runs, and none between steps (S20)', async () => {
    const { poison, log } = bench(
      [
        ['b1', 'x'],
        ['b1', 'y'],
      ],
      0,
    );
    for (const input of ['timer 1', 'timer 2']) {
      await poison.announce(KEY, input);
      poison.begin(KEY, input);
      poison.end();
    }
    expect(log).toEqual([
      'write 2 timer 1',
      'begin 2 timer 1 !',
      'end',
      'write 3 nothing',
      'write 4 timer 2',
      'begin 4 timer 2 !',
      'end',
      'write 5 nothing',
    ]);
  });

  it('writes down a replay once, whatever the number of its steps (S20)', async () => {
    const { poison, log } = bench(
      [
        ['b1', 'x'],
        ['b1', 'y'],
      ],
      0,
    );
    await poison.announce(KEY, REPLAY);
    poison.begin(KEY, REPLAY);
    poison.again(KEY, REPLAY);
    poison.end();
    expect(log.filter((line) => line.startsWith('write'))).toEqual(['write 2 replay', 'write 3 nothing']);
  });

  it('is careful no more once it is stable, and one that follows a stable one never is (S20)', () => {
    const careful = bench(
      [
        ['b1', 'x'],
        ['b1', 'y'],
      ],
      0,
    );
    careful.poison.settle();
    expect(careful.poison.announce(KEY, 'timer 1')).toBeNull();
    const { poison, log } = bench(
      [
        ['b1', 'x'],
        ['b1', 'y'],
      ],
      1,
    );
    expect(poison.announce(KEY, 'timer 1')).toBeNull();
    poison.begin(KEY, 'timer 1');
    poison.end();
    poison.begin(KEY, 'timer 2');
    expect(log).toEqual(['begin 2 timer 1', 'end', 'begin 4 timer 2']);
  });

  it('runs no step whose row the store did not take (S20)', async () => {
    const { poison } = bench(
      [
        ['b1', 'x'],
        ['b1', 'y'],
      ],
      0,
    );
    const rows = (poison as unknown as { rows: RunningRows }).rows;
    Object.assign(rows, { write: async () => false });
    await expect(poison.announce(KEY, 'timer 1')).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('names of inputs', () => {
  const outcome = { ok: true, value: new Uint8Array() } as const;
  const message = { kind: 'message', message: 'update', method: 'm', args: new Uint8Array(), attempt: 1 } as const;

  it('are one for each input, bounded in length (S20)', () => {
    const long = 'x'.repeat(2 * INPUT_NAME_CHARS);
    const inputs: Input[] = [
      { ...message, submitted: false, id: { session: 's', n: 1, doneBelow: 1 } },
      { ...message, submitted: false, id: { session: 's', n: 11, doneBelow: 1 } },
      { ...message, submitted: false, id: { given: 's:1' } },
      { kind: 'activity', effect: 1, outcome },
      { kind: 'timer', effect: 1 },
      { kind: 'condition', effect: 1 },
      { kind: 'promise', name: '1', outcome },
      { kind: 'promise', name: `${long}a`, outcome },
      { kind: 'promise', name: `${long}b`, outcome },
      { kind: 'run' },
    ];
    const names = inputs.map(inputName);
    expect(new Set(names).size).toBe(inputs.length);
    expect(Math.max(...names.map(({ length }) => length))).toBeLessThanOrEqual(INPUT_NAME_CHARS);
  });

  it('is the same for a message that is sent again (S20)', () => {
    const id = { session: 's', n: 7, doneBelow: 3 };
    const again = { ...message, attempt: 4, submitted: false, id: { ...id, doneBelow: 5 } };
    expect(inputName(again)).toBe(inputName({ ...message, submitted: false, id }));
  });
});
