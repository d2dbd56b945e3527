import { ByteReader } from './reader';
import { readVersion } from './upcast';
import type { Versions } from './upcast';

/** A layout that has changed twice: first it got a unit, then the unit moved into the name. */
interface Distance {
  readonly metres: number;
}

const versions: Versions<Distance> = {
  what: 'distance',
  present: 3,
  layouts: new Map<number, (source: ByteReader) => unknown>([
    [1, (source) => source.u8()],
    [2, (source) => ({ value: source.u8(), unit: source.string() })],
    [3, (source) => ({ metres: source.varint() })],
  ]),
  upcasters: new Map<number, (structure: unknown) => unknown>([
    [1, (value) => ({ value, unit: 'km' })],
    [2, (two) => ({ metres: (two as { value: number }).value * ((two as { unit: string }).unit === 'km' ? 1000 : 1) })],
  ]),
  as: (structure) => structure as Distance,
};

const read = (version: number, bytes: number[], of = versions): Distance =>
  readVersion(new ByteReader(Uint8Array.from(bytes)), version, of);

describe('bytes of older versions (S26a)', () => {
  it('are read by the layout of their version and lifted one version at a time', () => {
    expect(read(1, [5])).toEqual({ metres: 5000 });
    expect(read(2, [5, 1, 'm'.charCodeAt(0)])).toEqual({ metres: 5 });
    expect(read(3, [7])).toEqual({ metres: 7 });
  });

  it('must be read to their end', () => {
    expect(() => read(1, [5, 5])).toThrow(/1 bytes follow the end/);
  });

  it('are refused when no layout was ever known', () => {
    expect(() => read(0, [5])).toThrow(expect.objectContaining({ reason: 'corrupt' }) as Error);
  });

  it('are refused when they are newer than this build', () => {
    expect(() => read(4, [5])).toThrow(
      /This distance is of version 4, but this build reads versions up to 3: run a build/,
    );
  });

  it('need an upcaster for every version before the present one', () => {
    const missing = { ...versions, upcasters: new Map([...versions.upcasters].slice(0, 1)) };
    expect(() => read(1, [5], missing)).toThrow(/No upcaster from version 2 of a distance/);
  });
});
