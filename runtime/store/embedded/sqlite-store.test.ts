import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeHistoryStore } from '../store.contract';
import { sqliteStore } from './sqlite-store';

describeHistoryStore('SQLite store', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'perdure-store-'));
  return { store: sqliteStore({ directory }), dispose: () => rm(directory, { recursive: true }) };
});
