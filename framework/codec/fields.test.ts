import { decodeFields, encodeFieldBytes, encodeFields, sameBytes, valueTypesIn } from './fields';
import { hash32 } from './hash32';
import { registerValueType } from './value-types';

class Money {
  cents = 1;
}
class Wallet {
  coins = [new Money()];
}
registerValueType('fields.money', Money);
registerValueType('fields.wallet', Wallet);

const encode = (object: object): ReturnType<typeof encodeFields> => encodeFields(object, Object.keys(object).sort());

describe('the fields of an entity as bytes (S25)', () => {
  it('come back with their names, in order', () => {
    const { bytes, hashes } = encode({ b: [1], a: new Map([['x', 2]]), __proto: 'c' });
    expect([...decodeFields(bytes)]).toEqual([
      ['__proto', 'c'],
      ['a', new Map([['x', 2]])],
      ['b', [1]],
    ]);
    expect(hashes).toHaveLength(3);
  });

  it('are the same bytes with and without hashes', () => {
    const object = { a: 1, b: 'two' };
    expect(encodeFieldBytes(object, ['a', 'b'])).toEqual(encode(object).bytes);
  });

  it('are the very bytes of before when nothing has changed', () => {
    const object = { a: 1, b: 'two' };
    const before = encodeFieldBytes(object, ['a', 'b']);
    expect(encodeFieldBytes(object, ['a', 'b'], before)).toBe(before);
    object.a = 2;
    const after = encodeFieldBytes(object, ['a', 'b'], before);
    expect(after).not.toBe(before);
    expect(sameBytes(before, after)).toBe(false);
    expect(sameBytes(before, before.slice())).toBe(true);
    expect(sameBytes(before, before.subarray(1))).toBe(false);
  });

  it('hash to the same whatever the field is called and whatever stands beside it', () => {
    const value = { deep: [1, { two: 'x' }] };
    const alone = encode({ b: value }).hashes[0];
    const beside = encode({ a: [1, 2, 3], renamed: value }).hashes[1];
    expect(beside).toBe(alone);
    expect(encode({ b: { deep: [1, { two: 'y' }] } }).hashes[0]).not.toBe(alone);
  });

  it('keep an object that two fields share', () => {
    const shared = { n: 1 };
    const { bytes } = encode({ a: [[], shared], b: shared, c: [shared, [shared]] });
    const fields = decodeFields(bytes);
    const [, first] = fields.get('a') as object[];
    expect(fields.get('b')).toBe(first);
    expect(fields.get('c')).toEqual([first, [first]]);
    expect((fields.get('c') as object[])[0]).toBe(first);
  });

  it('do not change when an unrelated field goes (S28)', () => {
    const shared = { n: 1 };
    const both = encode({ a: [shared], b: { own: [] }, c: shared }).hashes;
    const without = encode({ a: [shared], c: shared }).hashes;
    expect([...without]).toEqual([both[0], both[2]]);
  });

  it('refuse what cannot be kept, with the path of the field', () => {
    expect(() => encode({ lines: [{ sku: () => 1 }] })).toThrow(/^field lines\[0\]\.sku is a function/);
    expect(() => encodeFieldBytes({ a: 1, socket: new WeakMap() }, ['a', 'socket'])).toThrow(
      /^field socket is an instance/,
    );
  });

  it('hash many fields into memory that is not shared between results', () => {
    const names = Array.from({ length: 20 }, (_, i) => `f${String(i).padStart(2, '0')}`);
    const results = Array.from({ length: 60 }, (_, n) =>
      encode(Object.fromEntries(names.map((name, i) => [name, i * n]))),
    );
    const again = results.map((_, n) => encode(Object.fromEntries(names.map((name, i) => [name, i * n]))));
    expect(again.map(({ hashes }) => [...hashes])).toEqual(results.map(({ hashes }) => [...hashes]));
    const wide = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`w${i}`, i]));
    expect(encode(wide).hashes).toHaveLength(600);
    expect(decodeFields(encode(wide).bytes).size).toBe(600);
  });

  it('name the @Value classes met in a field', () => {
    const object = { wallet: new Wallet(), plain: [1] };
    expect(valueTypesIn(object, 'wallet')).toEqual(new Set(['fields.wallet', 'fields.money']));
    expect(valueTypesIn(object, 'plain')).toEqual(new Set());
    expect(() => valueTypesIn({ bad: [Symbol('x')] }, 'bad')).toThrow(/^field bad\[0\]/);
  });

  it('refuse bytes of another version, a field twice, and bytes after the end', () => {
    const corrupt = expect.objectContaining({ code: 'internal', reason: 'corrupt' }) as Error;
    const { bytes } = encode({ a: 1, b: 2 });
    expect(() => decodeFields(Uint8Array.from([9, ...bytes.subarray(1)]))).toThrow(corrupt);
    expect(() => decodeFields(Uint8Array.from([...bytes, 0]))).toThrow(corrupt);
    expect(() =>
      decodeFields(Uint8Array.from(bytes, (byte) => (byte === 'b'.charCodeAt(0) ? 'a'.charCodeAt(0) : byte))),
    ).toThrow(corrupt);
    expect(() => decodeFields(new Uint8Array())).toThrow(corrupt);
  });
});

describe('the hash of a field', () => {
  it.each([
    ['', 0x00000000],
    ['a', 0x3c2569b2],
    ['abc', 0xb3dd93fa],
    ['test', 0xba6bd213],
    ['Hello, world!', 0xc0363e43],
    ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
  ])('is MurmurHash3 of %j', (text, expected) => {
    expect(hash32(Buffer.from(text))).toBe(expected);
    expect(hash32(Buffer.from(`xx${text}y`), 2, 2 + text.length)).toBe(expected);
  });
});
