import type { Address } from '../../ports/inbox';
import type { Log } from '../../ports/telemetry';
import { silentLog } from '../../ports/telemetry';
import { systemClock } from '../../system/clock';
import type { Reply } from '../../wire/envelope';
import { contents, inboxContract, signal } from '../inbox/inbox.contract';
import { NatsServer, freePort } from './nats-server.fixture';
import type { NatsInbox } from './nats-inbox';
import { NatsTransport } from './nats-transport';
import type { NatsOptions } from './options';

let n = 0;
const transports: NatsTransport[] = [];
const servers: NatsServer[] = [];
const fresh = (): string => `i${process.pid}-${(n += 1)}`;

async function serverWith(jetstream: readonly string[], more: readonly string[] = []): Promise<NatsServer> {
  const server = await NatsServer.start(more);
  servers.push(server);
  await server.kill();
  server.configure([...more, 'jetstream {', `store_dir: "${server.directory}/js"`, ...jetstream, '}']);
  await server.restart();
  return server;
}

function transportAt(options: NatsOptions, log: Log = silentLog): NatsTransport {
  const made = new NatsTransport(options, { clock: systemClock, log, drawName: fresh });
  transports.push(made);
  return made;
}

async function inboxAt(options: NatsOptions): Promise<NatsInbox> {
  const transport = transportAt({ inbox: true, ...options });
  await transport.open();
  return transport.inbox as NatsInbox;
}

const answer = (): Promise<Reply> => new Promise(() => undefined);
const closeTransports = async (): Promise<void> => {
  for (const transport of transports.splice(0)) await transport.close();
};
const closeAll = async (): Promise<void> => {
  await closeTransports();
  for (const server of servers.splice(0)) await server.stop();
};

describe('JetStream', () => {
  let shared: NatsServer;
  beforeAll(async () => {
    shared = await serverWith(['sync_interval: always']);
  });
  afterAll(closeAll);

  inboxContract('JetStream', async () => {
    const options = { servers: shared.url, prefix: fresh() };
    const hosts = transportAt(options);
    await hosts.open();
    const announce = ({ namespace, type }: Address): (() => void) => {
      const member = { session: fresh(), shards: 1, answered: true, owner: () => null };
      const session = { member, namespace, types: [type], answer };
      return hosts.serveSession(session);
    };
    return { inbox: await inboxAt(options), other: await inboxAt(options), announce, close: closeTransports };
  });

  it('keeps what was put, and what was buried, when its server is killed (C16)', async () => {
    const options = { servers: shared.url, prefix: fresh() };
    const inbox = await inboxAt(options);
    const [first, second] = [signal('1'), signal('2')];
    for (const message of [first, second]) await inbox.put(message);
    const kept = await inbox.next(first.key, 0);
    const error = {
      code: 'rejected',
      message: 'x'.repeat(9_999),
      reason: null,
      details: null,
      operation: null,
    } as const;
    await inbox.bury(first.key, kept!, { ...error, cause: null });
    await shared.kill();
    await expect(inbox.put(second)).rejects.toMatchObject({ code: 'unavailable' });
    await shared.restart();
    const other = await inboxAt(options);
    expect(await contents(other)).toEqual([second]);
    expect((await other.nextDead({ namespace: 'default' }, 0))?.error.message).toHaveLength(2_000);
  });

  it('keeps two messages under one id where they are not the same: one of them is a conflict (S12)', async () => {
    const inbox = await inboxAt({ servers: shared.url, prefix: fresh() });
    const all = [signal('1', { id: { given: 'g' } }), signal('1', { id: { given: 'g' } })];
    for (const message of all) await inbox.put(message);
    expect(await contents(inbox)).toEqual(all);
  });

  it('is missed by a host without an inbox where callers have one', async () => {
    const options = { servers: shared.url, prefix: fresh() };
    const warned: string[] = [];
    const log = { ...silentLog, warn: (_fields: object, text: string) => void warned.push(text) };
    const host = transportAt(options, log);
    await (await host.serve('default', ['cart'], answer)).close();
    await inboxAt(options);
    await host.serve('default', ['cart'], answer);
    while (warned.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(warned).toEqual(['signals wait in an inbox that this host does not take from: give nats() inbox']);
    expect(await (await inboxAt(options)).served({ namespace: 'default', type: 'cart' })).toBe(true);
  });

  it('keeps one message that is put twice once, where the first time is not long ago', async () => {
    const inbox = await inboxAt({ servers: shared.url, prefix: fresh() });
    const message = signal('1');
    await inbox.put(message);
    await inbox.put({ ...message, attempt: 2 });
    expect(await contents(inbox)).toEqual([message]);
  });

  it('refuses what does not fit, and what there is no room for, by the option', async () => {
    const inbox = await inboxAt({ servers: shared.url, prefix: fresh(), inbox: { maxBytes: 100_000 } });
    await inbox.put(signal('1', { args: new Uint8Array(80_000) }));
    const full = signal('2', { args: new Uint8Array(80_000) });
    await expect(inbox.put(full)).rejects.toMatchObject({
      code: 'resource_exhausted',
      message: expect.stringContaining('raise maxBytes of inbox') as string,
    });
    const large = signal('3', { args: new Uint8Array(1_000_000) });
    await expect(inbox.put(large)).rejects.toMatchObject({ code: 'too_large' });
    expect(await contents(inbox)).toHaveLength(1);
  });
});

describe('an inbox that cannot be as it was asked for', () => {
  afterEach(closeAll);

  it('is refused by a NATS without JetStream, by the name of the option', async () => {
    const server = await NatsServer.start([]);
    servers.push(server);
    await expect(inboxAt({ servers: server.url })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('no JetStream for this user (nobody answers), which inbox of nats()') as string,
    });
    await transportAt({ servers: server.url }).open();
  });

  it("is refused where the stream's name is another's, or JetStream has no room for it", async () => {
    const server = await serverWith(['max_file_store: 300MB']);
    await inboxAt({ servers: server.url, prefix: 'a.b', inbox: { maxBytes: 1_000 } });
    await expect(inboxAt({ servers: server.url, prefix: 'a_b' })).rejects.toThrow(
      "it is another's, choose another prefix",
    );
    const large = { servers: server.url, prefix: 'c', inbox: { maxBytes: 10 ** 9 } };
    await expect(inboxAt(large)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('check inbox of nats() and the limits of the account') as string,
    });
  });

  it('says when what it accepts is on disk, and warns where that is later or not known', async () => {
    const warned: unknown[] = [];
    const log = { ...silentLog, warn: (fields: { readonly sync?: unknown }) => void warned.push(fields.sync) };
    const syncWith = async (jetstream: readonly string[], monitored = true) => {
      const port = await freePort();
      const monitor = `http://127.0.0.1:${port}`;
      const server = await serverWith(jetstream, [`http: "127.0.0.1:${port}"`]);
      const transport = transportAt({ servers: server.url, inbox: monitored ? { monitor } : true }, log);
      await transport.open();
      return transport.inbox?.sync;
    };
    expect(await syncWith(['sync_interval: always'])).toBe('always');
    expect(await syncWith(['sync_interval: "10s"'])).toEqual({ afterMs: 10_000 });
    expect(await syncWith([], false)).toBe('unknown');
    expect(warned).toEqual([{ afterMs: 10_000 }, 'unknown']);
  });
});
