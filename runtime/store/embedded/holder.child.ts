/** Opens the store of the directory given and appends until it is killed; a line with the seq of each acknowledged row. */

import { INDEX, keyOf, rowOf } from '../store.fixture';
import { sqliteStore } from './sqlite-store';

async function main(directory: string): Promise<void> {
  const session = await sqliteStore({ directory }).open();
  for (let seq = 1; ; seq += 1) {
    const results = await session.append([{ key: keyOf('held'), row: rowOf(seq), index: seq === 1 ? INDEX : null }]);
    if (results[0] !== 'ok') throw new Error(`row ${seq} was answered ${results[0]}`);
    process.stdout.write(`${seq}\n`);
  }
}

void main(process.argv[2] ?? '');
