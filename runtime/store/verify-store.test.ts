import 'reflect-metadata';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Entity, Update } from '../../framework';
import { decodeRecord, encodeRecord } from '../../framework/codec/record';
import { silentLog, sqlite, startHost } from '..';
import { MAIN_FILE } from './embedded/layout';
import { verifyStore } from './verify-store';

const { DatabaseSync } = createRequire(__filename)('node:sqlite') as typeof import('node:sqlite');

@Entity('till')
class Till {
  cents = 0;
  @Update() pay(cents: number): number {
    this.cents += cents;
    return this.cents;
  }
}

describe('a full check of a data directory (C13)', () => {
  let directory: string;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'perdure-verify-'));
    const host = await startHost({ entities: [Till], store: sqlite(directory), build: 'b1', log: silentLog });
    for (let n = 0; n < 5; n += 1) await host.client.entity(Till, 'front').pay(n);
    await host.client.entity(Till, 'back').pay(1);
    await host.stop();
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('makes no store where there is none', async () => {
    const nothing = join(directory, 'nothing');
    await expect(verifyStore(nothing)).rejects.toMatchObject({ code: 'not_found' });
    expect(existsSync(nothing)).toBe(false);
  });

  /** Changes the third record of `front`, as somebody with SQL could. */
  function change(sql: string, bytes?: (now: Uint8Array) => Uint8Array): void {
    const db = new DatabaseSync(join(directory, MAIN_FILE));
    const now = db.prepare('SELECT bytes FROM record WHERE entity = 1 AND seq = 3').get()?.['bytes'] as Uint8Array;
    const statement = db.prepare(sql);
    if (bytes) statement.run(bytes(now));
    else statement.run();
    db.close();
  }
  const facts = async () => (await verifyStore(directory)).problems.map(({ entity, fact }) => `${entity?.id}: ${fact}`);

  it('finds nothing wrong with a store that is whole, and counts what it read', async () => {
    expect(await verifyStore(directory)).toEqual({ entities: 2, rows: 6, problems: [] });
  });

  it('names the record whose bytes have changed', async () => {
    change('UPDATE record SET bytes = ? WHERE entity = 1 AND seq = 3', (now) => now.with(now.length - 9, 0xff));
    expect(await facts()).toEqual([expect.stringContaining('front: ')]);
  });

  it('names the record after one that was replaced by another sound one', async () => {
    change('UPDATE record SET bytes = ? WHERE entity = 1 AND seq = 3', (now) => {
      const record = decodeRecord(now);
      return encodeRecord({ ...record, build: 'another' });
    });
    expect(await facts()).toEqual([expect.stringMatching(/front: .*record 4 does not follow/)]);
  });

  it('names the entity that lost a record', async () => {
    change('DELETE FROM record WHERE entity = 1 AND seq = 3');
    expect(await facts()).toEqual([expect.stringContaining('front: ')]);
  });
});
