import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { decodeFields, encodeFields } from './fields';
import { FIELDS, RECORDS, VALUES } from './golden.fixture';
import { decodeRecord, encodeRecord } from './record';
import { decodeValue, encodeValue } from './value';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string | undefined): Uint8Array => new Uint8Array(Buffer.from(text ?? '', 'hex'));

function littleEndian(words: Uint32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * words.length));
  words.forEach((word, i) => view.setUint32(4 * i, word, true));
  return new Uint8Array(view.buffer);
}

/** The bytes of each case by its name. With `GOLDEN=write` cases that have none get theirs; no others are touched. */
function golden(file: string, cases: Readonly<Record<string, () => Uint8Array>>): Record<string, string> {
  const path = join(__dirname, 'golden', file);
  const kept = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>) : {};
  if (process.env['GOLDEN'] !== 'write') return kept;
  for (const [name, encode] of Object.entries(cases)) kept[name] ??= hex(encode());
  writeFileSync(path, `${JSON.stringify(kept, null, 2)}\n`);
  return kept;
}

const encoders = <T>(
  cases: Readonly<Record<string, T>>,
  encode: (value: T) => Uint8Array,
): Record<string, () => Uint8Array> =>
  Object.fromEntries(Object.entries(cases).map(([name, value]) => [name, () => encode(value)]));

const records = golden('records-v1.json', encoders(RECORDS, encodeRecord));
const values = golden('values-v1.json', encoders(VALUES, encodeValue));
const names = Object.keys(FIELDS).sort();
const fields = golden('fields-v1.json', {
  bytes: () => encodeFields(FIELDS, names).bytes,
  hashes: () => littleEndian(encodeFields(FIELDS, names).hashes),
});

// When a test here fails because the format changed on purpose: see the header of golden.fixture.ts. The files stay.
describe('bytes that were written once are read for ever (S26a)', () => {
  it.each(Object.keys(RECORDS))('a record of version 1 decodes: %s', (name) => {
    expect(decodeRecord(bytes(records[name]))).toEqual(RECORDS[name]);
  });

  it.each(Object.keys(RECORDS))(
    'a record of version 1 encodes to the same bytes, or needs a new version: %s',
    (name) => {
      expect(hex(encodeRecord(RECORDS[name]!))).toBe(records[name]);
      expect(hex(encodeRecord(decodeRecord(bytes(records[name]))))).toBe(records[name]);
    },
  );

  it.each(Object.keys(VALUES))('a value decodes, and encodes to the same bytes: %s', (name) => {
    expect(isDeepStrictEqual(decodeValue(bytes(values[name])), VALUES[name])).toBe(true);
    expect(hex(encodeValue(VALUES[name]))).toBe(values[name]);
  });

  it('fields decode, and encode to the same bytes and hashes', () => {
    expect(Object.fromEntries(decodeFields(bytes(fields['bytes'])))).toEqual(FIELDS);
    const again = encodeFields(FIELDS, names);
    expect(hex(again.bytes)).toBe(fields['bytes']);
    expect(hex(littleEndian(again.hashes))).toBe(fields['hashes']);
  });

  it('no golden case is without an expectation', () => {
    expect(Object.keys(records).sort()).toEqual(Object.keys(RECORDS).sort());
    expect(Object.keys(values).sort()).toEqual(Object.keys(VALUES).sort());
  });
});
