import type { EntityKey } from '../../../framework/model/identity';
import type { Row } from '../../ports/history-store';
import { bytesInBucket, chunkNames, laidOut, madeWhole } from './wide-rows';

const KEY: EntityKey = { namespace: 'default', type: 'journal', id: 'J-1' };
const WIDTHS = { rowBytes: 100, chunkBytes: 64 };

function rowOf(length: number, more: Partial<Row> = {}): Row {
  return { seq: 7, epoch: 3, kind: 1, bytes: Uint8Array.from({ length }, (_, i) => i * 7), ...more };
}

function storeOf(chunks: readonly { readonly name: string; readonly bytes: Uint8Array }[]) {
  const kept = new Map(chunks.map(({ name, bytes }) => [name, bytes]));
  return { kept, blob: async (_: EntityKey, name: string) => kept.get(name) ?? null };
}

describe('a row', () => {
  it('of up to the bound lies in its bucket as it is (C8)', async () => {
    const row = rowOf(100);
    expect(laidOut(row, WIDTHS)).toEqual({ stored: row, chunks: [] });
    expect(chunkNames(row)).toEqual([]);
    expect(await madeWhole(storeOf([]), KEY, row)).toBe(row);
  });

  it.each([101, 128, 129, 1_000])(
    'of %i bytes lies in chunks, and is read as it was written (C8, C13)',
    async (length) => {
      const row = rowOf(length);
      const { stored, chunks } = laidOut(row, WIDTHS);
      expect(
        chunks
          .map(({ bytes }) => bytes.length)
          .slice(0, -1)
          .every((size) => size === 64),
      ).toBe(true);
      expect(chunkNames(stored)).toEqual(chunks.map(({ name }) => name));
      expect(stored.bytes).toHaveLength(bytesInBucket(row, WIDTHS));
      expect(await madeWhole(storeOf(chunks), KEY, stored)).toEqual(row);
    },
  );

  it('is made whole whatever the bounds are today (C8)', async () => {
    const row = rowOf(150);
    const { stored, chunks } = laidOut(row, { rowBytes: 140, chunkBytes: 1_000 });
    expect(chunks).toHaveLength(1);
    expect(await madeWhole(storeOf(chunks), KEY, stored)).toEqual(row);
  });

  it('has chunks of names that no other row and no other content has (C5, C8)', () => {
    const other = { bytes: Uint8Array.from({ length: 200 }, () => 9) };
    const variants = [rowOf(200), rowOf(200, other), rowOf(200, { seq: 8 }), rowOf(200, { epoch: 4 })];
    const names = variants.map((row) => laidOut(row, WIDTHS).chunks[0]?.name);
    expect(new Set(names).size).toBe(4);
    expect(laidOut(rowOf(200), WIDTHS)).toEqual(laidOut(rowOf(200), WIDTHS));
  });

  it('is null while a chunk is missing, and refused when its chunks or its stub are damaged (C6, C13)', async () => {
    const { stored, chunks } = laidOut(rowOf(200), WIDTHS);
    expect(await madeWhole(storeOf(chunks.slice(1)), KEY, stored)).toBeNull();
    const swapped = storeOf(chunks);
    const [first, second] = chunkNames(stored) as [string, string];
    swapped.kept.set(first, swapped.kept.get(second) as Uint8Array);
    await expect(madeWhole(swapped, KEY, stored)).rejects.toMatchObject({ code: 'internal', reason: 'corrupt' });
    const cut = { ...stored, bytes: stored.bytes.subarray(0, 12) };
    await expect(madeWhole(storeOf(chunks), KEY, cut)).rejects.toMatchObject({ code: 'internal', reason: 'corrupt' });
  });
});
