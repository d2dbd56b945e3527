import { memoryStore } from './memory-store';
import { describeHistoryStore } from './store.contract';
import { birth, keyOf } from './store.fixture';

describeHistoryStore('memory store', async () => ({ store: memoryStore(), dispose: async () => undefined }));

describe('memory store, opened again', () => {
  it('keeps what was appended and ends the session before, as a crash would (C13)', async () => {
    const store = memoryStore();
    const first = await store.open();
    await first.append([birth(keyOf('a'))]);
    const second = await store.open();
    await expect(first.lost).resolves.toMatchObject({ code: 'unavailable' });
    expect(await first.append([birth(keyOf('b'))])).toEqual(['unknown']);
    expect((await second.index(keyOf('a')))?.seq).toBe(1);
    expect(await second.index(keyOf('b'))).toBeNull();
  });
});
