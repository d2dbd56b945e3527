import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { birth, INDEX, keyOf, rowOf } from '../store.fixture';
import type { WriteMessage } from './protocol';
import { sqliteStore } from './sqlite-store';
import { applyMessage } from './write-message';
import type { AppendWrite, Writer } from './writer';
import { WriterChannel } from './writer-channel';
import { PerdureError } from '../../../framework/errors';

describe('SQLite session', () => {
  let directory: string;

  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'perdure-session-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  it('commits what is issued together with one fsync: 1,000 appends, one transaction (C13)', async () => {
    const session = await sqliteStore({ directory }).open();
    const keys = Array.from({ length: 1_000 }, (_, i) => keyOf(`C-${i}`));
    await Promise.all(keys.map((key) => session.append([birth(key)])));
    expect(await session.stats()).toMatchObject({ transactions: 1, fsyncs: 1, writes: 1_000 });
    await session.close();
  });

  it('can be opened and closed again and again by one store object, each time with a greater epoch', async () => {
    const store = sqliteStore({ directory });
    for (let epoch = 1; epoch <= 3; epoch += 1) {
      const session = await store.open();
      expect(session.epoch).toBe(epoch);
      await session.close();
    }
  });
});

describe('Writer channel', () => {
  function channel(): { posted: WriteMessage[]; channel: WriterChannel } {
    const posted: WriteMessage[] = [];
    const worker: Pick<Worker, 'postMessage'> = { postMessage: (message: WriteMessage) => void posted.push(message) };
    return { posted, channel: new WriterChannel(worker) };
  }

  it('sends one message for all appends of a tick, in order, whatever microtask issued them', async () => {
    const { posted, channel: writes } = channel();
    const answers = [writes.append([birth(keyOf('a'))])];
    void Promise.resolve().then(() => answers.push(writes.append([birth(keyOf('b')), birth(keyOf('c'))])));
    await new Promise((done) => setImmediate(done));
    expect(posted.map(({ count }) => count)).toEqual([3]);
    writes.answered([Uint8Array.of(0, 1, 0)]);
    expect(await Promise.all(answers)).toEqual([['ok'], ['refused', 'ok']]);
  });

  it('answers unknown to what is in flight, to what was not sent yet, and to everything later (C13)', async () => {
    const { posted, channel: writes } = channel();
    const sent = writes.append([birth(keyOf('a'))]);
    writes.flush();
    const collected = writes.append([birth(keyOf('b'))]);
    const note = writes.note(keyOf('a'), 'n', null);
    writes.fail(new PerdureError('unavailable', 'the disk is gone'));
    writes.answered([Uint8Array.of(0)]);
    expect(await Promise.all([sent, collected, writes.append([birth(keyOf('c'))])])).toEqual(
      Array(3).fill(['unknown']),
    );
    await expect(note).rejects.toMatchObject({ code: 'unavailable' });
    await new Promise((done) => setImmediate(done));
    expect(posted.length).toBe(1);
  });

  it('hands the writer exactly what was appended', async () => {
    const { posted, channel: writes } = channel();
    const segments = [{ name: 's', bytes: Uint8Array.of(7, 8) }];
    void writes.append([
      { ...birth(keyOf('a')), segments },
      { key: keyOf('b'), row: rowOf(2), index: null },
    ]);
    writes.flush();
    const seen: AppendWrite[] = [];
    const writer = { append: (write: AppendWrite) => (seen.push(write), 0) } as unknown as Writer;
    for (const message of posted) applyMessage(writer, message);
    expect(seen).toEqual([
      { ...keyOf('a'), ...rowOf(1), doc: JSON.stringify(INDEX), segments },
      { ...keyOf('b'), ...rowOf(2), doc: null, segments: [] },
    ]);
  });
});
