import { ROW_KIND } from '../../../framework/core/history';
import type { Linked, Place } from './chain';
import { adopt, chainDown } from './chain';

type Kind = keyof typeof ROW_KIND;

/** `at` is `seq.epoch`; the row follows `prev`, whose hash is its own place unless told. */
function row(at: string, prev: string | null, kind: Kind = 'turn', bucket = 0): Linked {
  const [seq, epoch] = placeOf(at);
  const link = prev === null ? null : { seq: placeOf(prev)[0], epoch: placeOf(prev)[1], hash: Buffer.from(prev) };
  const made = { seq, epoch, kind: ROW_KIND[kind], bytes: Buffer.from(at) };
  return {
    row: made,
    stored: made,
    bucket,
    prev: link,
    hash: Buffer.from(at),
  };
}

function placeOf(text: string): [number, number] {
  return text.split('.').map(Number) as [number, number];
}

const shown = (rows: readonly Linked[] | undefined): string[] | undefined =>
  rows?.map((one) => `${one.row.seq}.${one.row.epoch}`);

const base = (text: string): Place => ({ seq: placeOf(text)[0], epoch: placeOf(text)[1] });

describe('the adopted chain', () => {
  it('is the longest one of an epoch (C6)', () => {
    const found = adopt([row('1.1', null), row('2.1', '1.1'), row('3.1', '2.1')], null);
    expect(shown(found?.rows)).toEqual(['1.1', '2.1', '3.1']);
    expect(shown(found?.rewrite)).toEqual(['3.1']);
  });

  it('is that of the greatest epoch, though an older one is longer (C6)', () => {
    const zombie = [row('2.1', '1.1'), row('3.1', '2.1')];
    const found = adopt([row('1.1', null), ...zombie, row('2.2', '1.1', 'fence')], null);
    expect(shown(found?.rows)).toEqual(['1.1', '2.2']);
  });

  it('is chosen over all buckets together (C6, C7)', () => {
    const sealed = [row('1.1', null), row('2.1', '1.1', 'seal'), row('3.1', '2.1', 'turn', 1)];
    const found = adopt([...sealed, row('3.2', '2.1', 'fence', 1), row('4.2', '3.2', 'turn', 1)], null);
    expect(shown(found?.rows)).toEqual(['1.1', '2.1', '3.2', '4.2']);
  });

  it('skips an open chain, which is no error (C6)', () => {
    const found = adopt([row('1.1', null), row('2.1', '1.1'), row('4.3', '3.2')], null);
    expect(shown(found?.rows)).toEqual(['1.1', '2.1']);
  });

  it('does not follow a link whose hash is another row’s (C6)', () => {
    const forged = { ...row('2.2', '1.1'), prev: { seq: 1, epoch: 1, hash: Buffer.from('other') } };
    expect(shown(adopt([row('1.1', null), forged], null)?.rows)).toEqual(['1.1']);
  });

  it('begins at the base that a pointer names (C6)', () => {
    const found = adopt([row('7.2', '6.1', 'snapshot'), row('8.2', '7.2')], base('7.2'));
    expect(shown(found?.rows)).toEqual(['7.2', '8.2']);
  });

  it('is none where the base is missing, so that the key is not taken for an empty one (C6)', () => {
    expect(adopt([row('8.2', '7.2')], base('7.2'))).toBeNull();
    expect(adopt([], base('7.2'))).toBeNull();
    expect(adopt([row('2.1', '1.1')], null)).toBeNull();
  });

  it('is written again through its trailing FENCE rows to the last row with content (C6)', () => {
    const rows = [row('1.1', null), row('2.1', '1.1', 'seal'), row('3.2', '2.1', 'fence', 1)];
    const found = adopt([...rows, row('4.3', '3.2', 'fence', 1)], null);
    expect(shown(found?.rewrite)).toEqual(['2.1', '3.2', '4.3']);
  });

  it('can be followed down from a link, as far as its rows were read', () => {
    const rows = [row('1.1', null), row('2.1', '1.1'), row('2.2', '1.1'), row('3.2', '2.2')];
    const link = (text: string, hash = text) => ({ ...base(text), hash: Buffer.from(hash) });
    expect(shown(chainDown(rows, link('3.2')))).toEqual(['1.1', '2.2', '3.2']);
    expect(shown(chainDown(rows.slice(2), link('3.2')))).toEqual(['2.2', '3.2']);
    expect(chainDown(rows, link('4.2'))).toEqual([]);
    expect(chainDown(rows, link('3.2', 'other'))).toEqual([]);
  });
});
