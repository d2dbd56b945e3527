import 'reflect-metadata';
import { once } from 'node:events';
import { connect as dial, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import { Entity, Query, Update } from '../../../framework';
import { isPerdureError } from '../../../framework/errors';
import { testServices } from '../../../services/for-tests';
import { cassandra, nats, silentLog, startHost } from '../..';
import type { RunningHost } from '../..';
import { cassandraFor } from './cassandra.fixture';
import type { CassandraOptions } from './options';

@Entity('page')
class Page {
  text = '';

  @Update() write(text: string): number {
    this.text = text;
    return text.length;
  }

  @Query() read(): string {
    return this.text;
  }
}

const given = cassandraFor();
const closings: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

/** The port of a server that says of itself that it is one major version older. */
async function older({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
  const [row] = await given.admin('SELECT release_version FROM system.local');
  const version = String(row?.['release_version']);
  const server = createServer((near) => {
    const far = dial({ host, port });
    near.pipe(far);
    far.on('data', (bytes) => {
      for (let at = bytes.indexOf(version); at >= 0; at = bytes.indexOf(version, at + 1)) bytes.write('4', at);
      near.write(bytes);
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const)
      socket.on('error', () => undefined).on('close', () => other.destroy());
  });
  server.listen({ host, port: 0 });
  await once(server, 'listening');
  closings.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

describe('a keyspace that cannot be used', () => {
  it.each([
    [
      'is not there, and how it is made',
      { keyspace: 'nowhere', migrate: false },
      "invalid_argument: Cassandra at 127.0.0.1 has no keyspace 'nowhere'; create it first: CREATE KEYSPACE nowhere",
    ],
    [
      'has its home in another data centre (C11)',
      { localDataCenter: 'moon', migrate: false },
      "has no node in the data centre 'moon': set localDataCenter to datacenter1",
    ],
    ['is not served at that port', { port: 1 }, 'unavailable: Cassandra at 127.0.0.1, port 1 cannot be reached'],
    [
      'is not served at that name',
      { contactPoints: ['no-such-host.invalid'] },
      'unavailable: Cassandra at no-such-host.invalid, port',
    ],
    [
      'has fewer than three replicas, unless that is named unsafe (C11)',
      { unsafe: [] },
      "alter its replication to 3, or name it in unsafe: ['replication']",
    ],
  ] as [string, Partial<CassandraOptions>, string][])('is refused as one that %s', async (_what, changes, fact) => {
    const refusal = await given.open({ ...(await given.fresh()), ...changes }).then(
      () => 'opened',
      (error: unknown) => (isPerdureError(error) ? `${error.code}: ${error.message}` : String(error)),
    );
    expect(refusal).toContain(fact);
  });

  it('is refused on a server that is too old, before anything is made there', async () => {
    const [node = { host: '', port: 0 }] = (await testServices()).cassandra;
    const options = await given.fresh({ port: await older(node) });
    await expect(given.open(options)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/runs Cassandra 4\.\S+, and Perdure needs 5\.0 or newer: upgrade it$/) as string,
    });
    const names = await given.admin(`SELECT keyspace_name FROM system_schema.keyspaces`);
    expect(names.map((row) => String(row['keyspace_name']))).not.toContain(options.keyspace);
  });
});

describe('a row that cannot be read', () => {
  let options: CassandraOptions;
  let host: RunningHost | null = null;

  const start = async (): Promise<RunningHost['client']> => {
    const transport = nats({ servers: (await testServices()).nats, prefix: options.keyspace });
    const settings = { build: 'b1', log: silentLog, watchdog: 'off' } as const;
    host = await startHost({ entities: [Page], store: cassandra(options), transport, ...settings });
    return host.client;
  };
  const stop = async (): Promise<void> => {
    await host?.stop();
    host = null;
  };
  /** Writes the first row of page A as it is given; returns what it was. */
  const replaceRow = async (timestamp: number, change: (record: Buffer) => Buffer): Promise<Buffer> => {
    const place = `namespace = 'default' AND type = 'page' AND id = 'A' AND bucket = 0`;
    const [row] = await given.admin(
      `SELECT seq, epoch, record FROM ${options.keyspace}.history WHERE ${place} LIMIT 1`,
    );
    const was = row?.['record'] as Buffer;
    await given.admin(
      `UPDATE ${options.keyspace}.history USING TIMESTAMP ${timestamp} SET record = 0x${change(Buffer.from(was)).toString('hex')} ` +
        `WHERE ${place} AND seq = ${String(row?.['seq'])} AND epoch = ${String(row?.['epoch'])}`,
    );
    return was;
  };
  /** Kind, version, body, checksum of version and body. */
  const ofNewerCodec = (record: Buffer): Buffer => {
    record[1] = 99;
    record.writeUInt32LE(crc32(record.subarray(1, -4)), record.length - 4);
    return record;
  };
  const damaged = (record: Buffer): Buffer => {
    record.write('N', record.indexOf('needle'));
    return record;
  };

  afterEach(stop);

  it.each([
    [
      'of a newer codec version',
      ofNewerCodec,
      'newer_version',
      'is of version 99, but this build reads versions up to 1',
    ],
    ['with a wrong checksum', damaged, 'corrupt', 'checksum'],
  ])('%s, makes its entity answer that; others serve, and nothing is lost', async (_what, change, reason, fact) => {
    options = await given.fresh({ shards: 4 });
    const before = await start();
    for (const id of ['A', 'B']) await before.call(before.entity(Page, id), { timeout: '60s' }).write('the needle');
    await stop();
    const was = await replaceRow(2, change);
    const client = await start();
    expect(await client.call(client.entity(Page, 'B'), { timeout: '60s' }).read()).toBe('the needle');
    await expect(client.call(client.entity(Page, 'A'), { timeout: '60s' }).read()).rejects.toMatchObject({
      code: 'internal',
      reason,
      message: expect.stringMatching(new RegExp(`page/A.*${fact}`)) as string,
    });
    await stop();
    await replaceRow(3, () => was);
    const mended = await start();
    expect(await mended.call(mended.entity(Page, 'A'), { timeout: '60s' }).read()).toBe('the needle');
  });
});
