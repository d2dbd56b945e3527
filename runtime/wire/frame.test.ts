import { encodeValue } from '../../framework/codec/value';
import { roomIn, split } from './frame';
import { sizeOf } from './size';

const sized = (...bytes: number[]): { readonly bytes: number }[] => bytes.map((each) => ({ bytes: each }));
const sizes = (groups: readonly (readonly { readonly bytes: number }[])[]): number[][] =>
  groups.map((group) => group.map(({ bytes }) => bytes));

describe('splitting into frames (C14)', () => {
  const limit = 10_512;

  it('leaves together what fits, in order', () => {
    expect(roomIn(limit)).toBe(10_000);
    expect(sizes(split(sized(1, 9_000, 999), limit))).toEqual([[1, 9_000, 999]]);
    expect(split([], limit)).toEqual([]);
  });

  it('begins another frame with the first that does not fit, and goes on there', () => {
    expect(sizes(split(sized(6_000, 5_000, 5_000, 1, 9_999, 1), limit))).toEqual([
      [6_000],
      [5_000, 5_000],
      [1, 9_999],
      [1],
    ]);
  });

  it('leaves alone what is larger than a frame', () => {
    expect(sizes(split(sized(1, 20_000, 1), limit))).toEqual([[1], [20_000], [1]]);
  });
});

describe('sizes', () => {
  it('are at least those of the value codec, and not far above for bytes and long texts', () => {
    const values: unknown[] = [
      null,
      true,
      0,
      -1.5,
      2 ** 53 - 1,
      '',
      'text',
      'ü€😀'.repeat(100),
      new Uint8Array(70_000),
      [],
      [1, ['a', null], { b: 2 }],
      { op: 'message', key: { namespace: 'default', type: 'cart', id: 'ü' }, args: new Uint8Array(3), id: null },
    ];
    for (const value of values) expect(sizeOf(value)).toBeGreaterThanOrEqual(encodeValue(value).length);
    expect(sizeOf(new Uint8Array(70_000))).toBeLessThan(70_100);
    expect(sizeOf('ü€😀'.repeat(100))).toBe(9 + 900);
  });
});
