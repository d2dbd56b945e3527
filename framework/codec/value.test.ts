import { isDeepStrictEqual } from 'node:util';
import vm from 'node:vm';

import fc from 'fast-check';

import { PerdureError } from '../errors';
import { decodeValue, encodeValue, withEncoder } from './value';
import { registerValueType } from './value-types';

const seed = Number(process.env['SEED'] ?? 20260101);
console.info(`values seed ${seed}`);

const trip = (value: unknown): unknown => decodeValue(encodeValue(value));
const refusal = (value: unknown, options = {}): string => {
  try {
    encodeValue(value, options);
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid_argument' });
    return (error as Error).message;
  }
  throw new Error('It was not refused');
};

describe('values that survive (S10)', () => {
  it.each([
    ['undefined', undefined],
    ['null', null],
    ['booleans', [true, false]],
    ['small integers', [0, 1, 63, 64, 127, 128, -1, -64, 300]],
    ['great integers', [2 ** 31, 2 ** 32, 2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 35 + 1]],
    ['floats', [0.1, -1.5, 2 ** 53, 1e300, -1e-300, Number.MIN_VALUE]],
    ['odd numbers', [NaN, Infinity, -Infinity, -0]],
    ['bigints', [0n, 1n, -1n, 255n, 256n, -(2n ** 200n), 2n ** 64n]],
    ['short texts', ['', 'a', 'é', '日本', '👍', '\u0000', '\ufffd', '\ufeffx', 'a'.repeat(63)]],
    ['long texts', ['a'.repeat(64), 'b'.repeat(5000), 'é'.repeat(40), '👍'.repeat(2000), 'x'.repeat(70) + '\ufffd']],
    ['dates', [new Date(0), new Date(1.7e12), new Date(-1), new Date(8.64e15), new Date(-8.64e15)]],
    [
      'maps',
      new Map<unknown, unknown>([
        ['a', 1],
        [{ b: 2 }, new Map([[1, undefined]])],
      ]),
    ],
    ['sets', new Set<unknown>([1, 'a', null, [2]])],
    ['bytes', [new Uint8Array(), new Uint8Array([0, 255]), new Uint8Array(3000).fill(7)]],
    ['arrays', [[], [undefined, null], [[[]]]]],
    ['objects', { b: 1, a: { c: [] }, 'x y': undefined, 1: 'one' }],
  ])('keeps %s', (_, value) => {
    expect(trip(value)).toStrictEqual(value);
  });

  it('keeps an invalid date', () => {
    expect((trip(new Date(NaN)) as Date).getTime()).toBeNaN();
  });

  it('keeps the order of the names of an object', () => {
    expect(Object.keys(trip({ z: 1, a: 2, m: 3 }) as object)).toEqual(['z', 'a', 'm']);
  });

  it('makes a Uint8Array of its own of a Buffer', () => {
    const bytes = trip(Buffer.from('abc')) as Uint8Array;
    expect(bytes.constructor).toBe(Uint8Array);
    expect(bytes).toEqual(new Uint8Array([97, 98, 99]));
    expect(bytes.buffer.byteLength).toBe(3);
  });

  it('keeps an object without a prototype as one', () => {
    const value = Object.assign(Object.create(null) as object, { a: 1 });
    expect(Object.getPrototypeOf(trip(value))).toBeNull();
    expect(trip(value)).toEqual(value);
  });

  it('keeps a property named __proto__ without setting a prototype', () => {
    const value = JSON.parse('{"__proto__": {"admin": true}, "a": 1}') as object;
    const back = trip(value) as { admin?: boolean };
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect(back.admin).toBeUndefined();
    expect(Object.keys(back)).toEqual(['__proto__', 'a']);
  });

  it('keeps shared references and cycles', () => {
    const shared = { n: 1 };
    const cycle: { self?: unknown; both: unknown[]; date: Date[] } = { both: [shared, shared], date: [] };
    cycle.self = cycle;
    const date = new Date(5);
    cycle.date = [date, date];
    const back = trip(cycle) as typeof cycle;
    expect(back.self).toBe(back);
    expect(back.both[0]).toBe(back.both[1]);
    expect(back.date[0]).toBe(back.date[1]);
  });

  it('keeps a reference to the first of many containers', () => {
    const items = Array.from({ length: 100 }, (_, i) => ({ i }));
    const back = trip([items, items[0], items[30], items[99]]) as [{ i: number }[], ...unknown[]];
    expect(back.slice(1)).toEqual([{ i: 0 }, { i: 30 }, { i: 99 }]);
    expect(back[1]).toBe(back[0][0]);
    expect(back[2]).toBe(back[0][30]);
    expect(back[3]).toBe(back[0][99]);
  });

  it('takes plain objects, arrays, maps, sets, dates and bytes of another realm', () => {
    const value = vm.runInNewContext(
      '({ a: [1], m: new Map([[1, 2]]), s: new Set([3]), d: new Date(4), b: new Uint8Array([5]) })',
    ) as object;
    expect(trip(value)).toEqual({
      a: [1],
      m: new Map([[1, 2]]),
      s: new Set([3]),
      d: new Date(4),
      b: new Uint8Array([5]),
    });
  });

  it('gives equal bytes to objects made in another order when keys are sorted', () => {
    const sortKeys = { sortKeys: true };
    expect(encodeValue({ b: [{ y: 1, x: 2 }], a: 1 }, sortKeys)).toEqual(
      encodeValue({ a: 1, b: [{ x: 2, y: 1 }] }, sortKeys),
    );
    expect(encodeValue({ b: 1, a: 2 })).not.toEqual(encodeValue({ a: 2, b: 1 }));
  });

  it('writes a DTO of an unregistered class as a plain object when asked to', () => {
    class Trip {
      miles = 900;
      legs = [new Map([['a', 1]])];
    }
    expect(decodeValue(encodeValue([new Trip()], { classes: 'plain' }))).toStrictEqual([
      { miles: 900, legs: [new Map([['a', 1]])] },
    ]);
  });

  it('takes a DTO that has the name of a built-in class for a DTO', () => {
    const value = new { Map: class Map { a = 1; } }.Map(); // prettier-ignore
    expect(decodeValue(encodeValue(value, { classes: 'plain' }))).toStrictEqual({ a: 1 });
  });

  it('takes one to three bytes for what is common', () => {
    expect(encodeValue(127)).toHaveLength(1);
    expect(encodeValue(10_000)).toHaveLength(3);
    expect(encodeValue('gold')).toHaveLength(5);
    expect(encodeValue([])).toHaveLength(2);
  });

  it('encodes while another value is being encoded', () => {
    const outer = new Proxy({ a: 1 }, { ownKeys: (target) => (encodeValue({ inner: [1] }), Reflect.ownKeys(target)) });
    expect(trip(outer)).toEqual({ a: 1 });
    withEncoder({}, () => withEncoder({}, () => withEncoder({}, () => undefined)));
  });

  it('gives the scratch memory of a great value back', () => {
    expect((trip('x'.repeat(3_000_000)) as string).length).toBe(3_000_000);
    expect(trip('small')).toBe('small');
  });

  it('comes back equal, whatever it was made of', () => {
    const values = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      maxDepth: 4,
    });
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encodeValue(value);
        const back = decodeValue(bytes);
        expect(isDeepStrictEqual(back, value)).toBe(true);
        expect(encodeValue(back)).toEqual(bytes);
      }),
      { seed, numRuns: 500 },
    );
  });
});

describe('values that are refused', () => {
  class Money {
    cents = 1;
  }
  class Prices extends Map<string, number> {}
  class List extends Array<number> {}
  const accessor = { get now(): number { return 1; } }; // prettier-ignore
  const setter = { set now(_value: number) { throw new Error('not run'); } }; // prettier-ignore
  const extra = Object.assign(new Map(), { note: 1 });

  it.each<[string, unknown, RegExp]>([
    ['a function', { lines: [{}, { sku: () => 1 }] }, /^value\.lines\[1\]\.sku is a function.*activity/],
    ['a symbol', [Symbol('x')], /^value\[0\] is a symbol/],
    [
      'an instance of an unregistered class',
      { a: new Money() },
      /^value\.a is an instance of Money.*@Value\('…'\).*\{\.\.\.x\}/,
    ],
    ['an instance of an unnamed class', new (class {})(), /an instance of an unnamed class/],
    ['a promise', { p: Promise.resolve() }, /value\.p is an instance of Promise/],
    ['a WeakMap', new WeakMap(), /WeakMap/],
    ['an error', [new TypeError('x')], /TypeError/],
    ['a regular expression', /x/, /RegExp/],
    ['a subclass of Map', new Prices(), /Prices/],
    ['a subclass of Array', List.from([1]), /List/],
    ['a Float64Array', { f: new Float64Array(1) }, /value\.f is a Float64Array.*Uint8Array/],
    ['a DataView', new DataView(new ArrayBuffer(1)), /DataView/],
    ['an ArrayBuffer', new ArrayBuffer(1), /ArrayBuffer/],
    ['a boxed number', Object(1), /Number/],
    ['a forged Map', Object.create(Map.prototype), /Map/],
    ['a forged Set', Object.create(Set.prototype), /Set/],
    ['a forged Date', Object.create(Date.prototype), /Date/],
    ['a forged prototype', Object.create(Object.create(null) as object), /an instance of an unnamed class/],
    ['a hole', Object.assign(new Array<number>(3), { 0: 1, 2: 2 }), /^value\[1\] is a hole/],
    ['an accessor', { a: accessor }, /^value\.a\.now is an accessor/],
    ['a setter', setter, /^value\.now is an accessor/],
    ['a symbol for a name', { [Symbol('x')]: 1 }, /symbol for a property name/],
    ['a Map with properties', extra, /Map with properties of its own/],
    ['a lone surrogate', ['\ud800'], /^value\[0\] is not well-formed Unicode/],
    ['a long lone surrogate', ['x'.repeat(80) + '\udc00'], /^value\[0\] is not well-formed Unicode/],
    ['a lone surrogate in a name', { '\ud800': 1 }, /not well-formed Unicode/],
    [
      'the key of a Map',
      new Map([
        [1, 1],
        [() => 1, 2],
      ] as never),
      /^value\.entry\(1\)\.key is a function/,
    ],
    ['the value of a Map', { m: new Map([['a', Symbol('b')]]) }, /^value\.m\.entry\(0\)\.value is a symbol/],
    ['the item of a Set', new Set([1, 2, Symbol('b')]), /^value\.item\(2\) is a symbol/],
    ['a name that is no identifier', { 'a b': { '': Symbol('b') } }, /^value\["a b"\]\[""\] is a symbol/],
    ['a giant bigint', [2n ** 70000n], /^value\[0\] is a bigint of 8751 bytes/],
  ])('refuses %s, with its path', (_, value, message) => {
    expect(refusal(value)).toMatch(message);
  });

  it('calls the value by the path it is given', () => {
    expect(refusal([Symbol('x')], { path: 'argument 1 of redeem()' })).toMatch(
      /^argument 1 of redeem\(\)\[0\] is a symbol/,
    );
  });

  it('refuses what is no data even when plain classes are allowed', () => {
    for (const value of [Promise.resolve(), new Error('x'), /x/, new WeakSet(), () => 1, new Prices()]) {
      expect(refusal(value, { classes: 'plain' })).toMatch(/cannot be kept/);
    }
  });

  it('refuses a value nested deeper than 200', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    expect(trip(nested(200))).toEqual(nested(200));
    expect(refusal(nested(201))).toMatch(/^value(\[0\])+… is nested 200 deep/);
  });

  it('is as good as new after a refusal', () => {
    refusal({ a: [Symbol('x')] });
    expect(trip({ a: [1] })).toEqual({ a: [1] });
  });
});

describe('bytes that no encoder wrote', () => {
  const hostile = (...bytes: number[]): unknown => decodeValue(Uint8Array.from(bytes));

  it.each<[string, number[]]>([
    ['nothing', []],
    ['an unknown tag', [0x3f]],
    ['bytes after the end', [0x01, 0x01]],
    ['a count of more items than there are bytes', [0x10, 0xff, 0xff, 0xff, 0x7f]],
    ['a count of more entries than there are bytes', [0x0d, 2, 0x80, 0x80, 0x80]],
    ['a text longer than the bytes', [0x09, 0x90, 0x4e, 0x61]],
    ['a short text that is cut', [0x45, 0x61]],
    ['a float that is cut', [0x04, 0, 0]],
    ['a number that does not end', [0x05, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['a number above 2^53', [0x05, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['a text that is not UTF-8', [0x42, 0xc3, 0x28]],
    ['a surrogate in UTF-8', [0x43, 0xed, 0xa0, 0x80]],
    ['a date out of range', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['a reference that leads nowhere', [0x14, 0]],
    ['a reference to a field that is not there', [0x15, 1, 0x61, 0]],
    ['a bigint too long', [0x07, 0x81, 0x40, ...new Array<number>(8193).fill(1)]],
    ['arrays without end', new Array<number>(2000).fill(0).map((_, i) => (i % 2 === 0 ? 0x10 : 1))],
  ])('refuses %s', (_, bytes) => {
    expect(() => hostile(...bytes)).toThrow(expect.objectContaining({ code: 'internal', reason: 'corrupt' }) as Error);
  });

  it('never does worse than refuse', () => {
    registerValueType('fuzzed', class Fuzzed { a = 1; }); // prettier-ignore
    const random = fc.uint8Array({ maxLength: 60 });
    const seeds = [
      { a: [1, 'two', 3n, new Date(4)], m: new Map([['k', new Set([1])]]) },
      [new Uint8Array(9), -1, 1.5, 'x'.repeat(70), null, undefined],
    ].map((value) => encodeValue(value));
    const mutated = fc
      .tuple(fc.constantFrom(...seeds), fc.nat(), fc.nat(255), fc.nat())
      .map(([bytes, at, byte, cut]) => {
        const copy = bytes.slice(0, bytes.length - (cut % 3));
        copy[at % copy.length] = byte;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(random, mutated), (bytes) => {
        try {
          decodeValue(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(PerdureError);
        }
      }),
      { seed, numRuns: 3000 },
    );
  });
});
