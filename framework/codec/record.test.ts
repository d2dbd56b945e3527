import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

import fc from 'fast-check';

import type { Entry, Failure, HistoryRecord, TurnRecord } from '../core/history';
import { PerdureError } from '../errors';
import { decodeRecord, encodeRecord, recordHash } from './record';
import { anyRecord } from './record.fixture';
import { MAX_CHAIN, USUAL_OPTIONS } from './record-codes';
import { encodeValue } from './value';

const seed = Number(process.env['SEED'] ?? 20260101);
console.info(`records seed ${seed}`);

const corrupt = expect.objectContaining({ code: 'internal', reason: 'corrupt' }) as Error;
const unencodable = expect.objectContaining({ code: 'internal', reason: 'unencodable' }) as Error;

const session = Buffer.from('0123456789abcdef').toString('base64url');
const args = encodeValue([{ flight: 'AB12', reward: 'a suite', miles: 900 }]);

function signal(n: number): Entry {
  const id = { session, n, doneBelow: n - 1 };
  const input = {
    kind: 'message',
    message: 'signal',
    method: 'tripCompleted',
    args,
    id,
    attempt: 1,
    submitted: false,
  } as const;
  return { kind: 'apply', time: 1_767_225_600_000, source: { input }, undone: null, consequences: [] };
}

function turn(entries: readonly Entry[], more: Partial<TurnRecord> = {}): TurnRecord {
  const prev = { seq: 1233, epoch: 7, hash: new Uint8Array(16).fill(9) };
  const header = { kind: 'turn', seq: 1234, epoch: 7, prev, build: 'b-2026-01-01', compared: 1 } as const;
  return { ...header, birth: null, entries, digest: null, schema: null, ...more };
}

/** The bytes with a checksum that fits again. */
function sealed(body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(body.length + 4);
  bytes.set(body);
  new DataView(bytes.buffer).setUint32(body.length, crc32(body), true);
  return bytes;
}

const bodyOf = (record: HistoryRecord): Uint8Array => encodeRecord(record).slice(0, -4);

describe('a history record as bytes', () => {
  it('comes back equal, whatever is in it, and has one encoding', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const bytes = encodeRecord(record);
        const back = decodeRecord(bytes);
        expect(back).toEqual(record);
        expect(encodeRecord(back)).toEqual(bytes);
      }),
      { seed, numRuns: 500 },
    );
  });

  it('takes at most 130 bytes for a turn with one signal of 40 bytes of arguments', () => {
    expect(args).toHaveLength(40);
    expect(encodeRecord(turn([signal(345)])).length).toBeLessThanOrEqual(130);
  });

  it('takes few bytes for each further message of a group turn', () => {
    const many = Array.from({ length: 101 }, (_, i) => signal(345 + i));
    const each = (encodeRecord(turn(many)).length - encodeRecord(turn([signal(345)])).length) / 100;
    expect(each).toBeLessThanOrEqual(args.length + 10);
  });

  it('takes one byte for the usual options of an activity', () => {
    const schedule = (options: typeof USUAL_OPTIONS): number => {
      const one = {
        kind: 'activity',
        effect: 1,
        owner: 1,
        group: 'm',
        method: 'v',
        args,
        options,
        awaited: true,
      } as const;
      return encodeRecord(turn([{ ...signal(1), consequences: [one] } as Entry])).length;
    };
    expect(schedule({ ...USUAL_OPTIONS, attempts: 1 }) - schedule(USUAL_OPTIONS)).toBe(1);
    expect(schedule({ ...USUAL_OPTIONS, retryFactor: 3 }) - schedule(USUAL_OPTIONS)).toBe(9);
  });

  it('remembers 64 names and writes the others out', () => {
    const names = Array.from({ length: 100 }, (_, i) => `method-${i}`);
    const entries = [...names, ...names].map((method): Entry => {
      const one = { kind: 'forget', owner: 1, method } as const;
      return { kind: 'apply', time: 1, source: { input: { kind: 'run' } }, undone: null, consequences: [one] };
    });
    expect(decodeRecord(encodeRecord(turn(entries)))).toEqual(turn(entries));
  });

  it('is read from a Buffer into plain bytes', () => {
    const back = decodeRecord(Buffer.from(encodeRecord(turn([signal(1)])))) as TurnRecord;
    expect(back.prev?.hash.constructor).toBe(Uint8Array);
    expect(back).toEqual(turn([signal(1)]));
  });

  it('links by SHA-256 cut to 128 bits (S26a)', () => {
    const bytes = encodeRecord(turn([signal(1)]));
    expect(recordHash(bytes)).toEqual(new Uint8Array(createHash('sha256').update(bytes).digest().subarray(0, 16)));
  });
});

describe('a record that was made wrong', () => {
  const failure: Failure = { kind: 'bug', code: 'E', message: 'm', details: null, cause: null, stack: '' };
  let chain = failure;
  for (let i = 0; i < MAX_CHAIN; i++) chain = { ...failure, cause: chain };

  it.each<[string, HistoryRecord]>([
    ['a fractional time', turn([{ ...signal(1), time: 1.5 }])],
    ['a time beyond 2^53', turn([{ ...signal(1), time: 2 ** 60 }])],
    ['a negative seq', turn([], { seq: -1 })],
    ['an epoch that is NaN', turn([], { epoch: NaN })],
    ['a hash that is cut', turn([], { prev: { seq: 1, epoch: 1, hash: new Uint8Array(15) } })],
    ['a cause chain without end', turn([{ ...signal(1), undone: chain } as Entry])],
    ['a kind that has no code', turn([{ ...signal(1), undone: { ...failure, kind: 'odd' as 'bug' } } as Entry])],
  ])('is refused: %s', (_, record) => {
    expect(() => encodeRecord(record)).toThrow(unencodable);
    expect(decodeRecord(encodeRecord(turn([])))).toEqual(turn([]));
  });

  it('is refused with a text that is not well-formed', () => {
    expect(() => encodeRecord(turn([], { build: '\ud800' }))).toThrow(/"\\ud800" is not well-formed/);
  });
});

describe('damaged bytes of a record', () => {
  it('are refused, whichever bit is flipped and wherever they are cut', () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(anyRecord, change, (record, [at, bits]) => {
        const bytes = encodeRecord(record).slice();
        bytes[at % bytes.length]! ^= bits;
        expect(() => decodeRecord(bytes)).toThrow(PerdureError);
        expect(() => decodeRecord(encodeRecord(record).slice(0, at % bytes.length))).toThrow(corrupt);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('do no harm even with a checksum that fits', () => {
    const change = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(anyRecord, change, fc.nat(4), (record, changes, cut) => {
        const whole = bodyOf(record);
        const body = whole.slice(0, whole.length - cut);
        for (const [at, byte] of changes) body[1 + (at % (body.length - 1))] = byte;
        try {
          decodeRecord(sealed(body));
        } catch (error) {
          expect(error).toBeInstanceOf(PerdureError);
        }
      }),
      { seed, numRuns: 1500 },
    );
  });

  const head = [1, 0x01, 1, 0, 2, 1];
  it.each<[string, number[]]>([
    ['nothing', []],
    ['a count of more entries than bytes', [...head, 0xff, 0xff, 0xff, 0x7f]],
    ['a digest longer than the bytes', [1, 0x41, 1, 0, 2, 1, 0xff, 0xff, 0x7f, 0, 0]],
    ['a record kind that is reserved', [1, 0x04, 1, 0, 2, 0, 0, 0]],
    ['flags of a turn on a digest', [1, 0x23, 1, 0, 2, 0, 0, 0]],
    ['version 0', [0, 0x01, 1, 0, 2, 1, 0]],
    ['an entry with flags that do not go together', [...head, 1, 0x08, 0, 0, 0]],
    ['a HOLD with an input', [...head, 1, 0x22, 0, 0, 0]],
    ['an APPLY with both input and position', [...head, 1, 0x13, 0, 0, 0]],
    ['an unknown input', [...head, 1, 0xf1, 0, 0, 0]],
    ['an unknown action of an operator', [...head, 1, 0x71, 0, 9, 0]],
    ['an unknown outcome', [...head, 1, 0x21, 0, 0, 7, 0]],
    ['an unknown consequence', [...head, 1, 0x69, 0, 1, 0x0f, 0, 0]],
    ['a consequence with a purpose', [...head, 1, 0x69, 0, 1, 0x22, 0, 2]],
    ['a timer with an unknown purpose', [...head, 1, 0x69, 0, 1, 0xe1, 0, 0, 0, 2]],
    ['unknown options of an activity', [...head, 1, 0x69, 0, 1, 0x00, 0, 0, 2, 2, 0, 0xff, 0x7f]],
    ['a failure with unknown flags', [...head, 1, 0x65, 0, 0x80, 2, 0, 0]],
    ['a failure of an unknown kind', [...head, 1, 0x65, 0, 0x0f, 2, 0, 0]],
    ['a cause chain without end', [...head, 1, 0x65, 0, ...Array.from({ length: 60 }, (_, i) => [0x20, 2, 0][i % 3]!)]],
    ['a name that refers to none', [1, 0x01, 1, 0, 9, 1, 0]],
    ['a number too long', [1, 0x11, 1, 0, 0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0]],
  ])('are refused: %s', (_, body) => {
    expect(() => decodeRecord(sealed(Uint8Array.from(body)))).toThrow(corrupt);
  });

  it('of a newer version are refused by number, with the remedy', () => {
    expect(() => decodeRecord(sealed(Uint8Array.from([9, 1, 1, 0, 2, 1, 0])))).toThrow(
      expect.objectContaining({
        code: 'internal',
        reason: 'newer_version',
        message: expect.stringMatching(/version 9, but this build reads versions up to 1: run a build/) as string,
      }) as Error,
    );
  });
});
