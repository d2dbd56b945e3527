import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, errors } from 'nats';
import type { NatsConnection } from 'nats';
import { silentLog } from '../../ports/telemetry';
import { systemClock } from '../../system/clock';
import type { Reply, WireError } from '../../wire/envelope';
import { CART, signal } from '../inbox/inbox.contract';
import { Desk, Ears, TASK, VALUE } from '../tasks/tasks.contract';
import { message } from '../transport.contract';
import { makeAccounts } from './accounts.fixture';
import { authority, certificate } from './certificates.fixture';
import { NatsServer } from './nats-server.fixture';
import { NatsTransport } from './nats-transport';
import type { NatsOptions } from './options';

const OK: Reply = { ok: true, value: Uint8Array.of(7), duplicate: false, seq: 1 };
const servers: NatsServer[] = [];
const transports: NatsTransport[] = [];
let n = 0;

async function serverWith(lines: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<NatsServer> {
  const server = await NatsServer.start(lines, files);
  servers.push(server);
  return server;
}

function transportAt(options: NatsOptions): NatsTransport {
  const transport = new NatsTransport(options, {
    clock: systemClock,
    log: silentLog,
    drawName: () => `s${(n += 1)}`,
  });
  transports.push(transport);
  return transport;
}

/** A host and a caller with these options understand each other. */
async function works(options: NatsOptions): Promise<void> {
  const [host, caller] = [transportAt(options), transportAt(options)];
  await host.serve('default', ['cart'], async () => OK);
  expect(await caller.request(message('cart', 'm'), null)).toEqual(OK);
}

async function refusedWith(options: NatsOptions, code: string, ...words: readonly string[]): Promise<void> {
  const error = await transportAt(options)
    .open()
    .then(
      () => null,
      (why: unknown) => why as Error,
    );
  expect(error).toMatchObject({ code });
  for (const word of words) expect(error?.message).toContain(word);
}

afterEach(async () => {
  for (const transport of transports.splice(0)) await transport.close();
  for (const server of servers.splice(0)) await server.stop();
});

describe('a NATS that asks for TLS', () => {
  const scratch = (): string => servers[0]?.directory ?? '';

  async function tlsServer(names: string, more: readonly string[] = []) {
    const server = await serverWith([]);
    await server.kill();
    const own = authority(scratch(), 'own');
    const { certFile, keyFile } = certificate(scratch(), 'server', own, names);
    const files = [`cert_file: "${certFile}"`, `key_file: "${keyFile}"`, `ca_file: "${own.certFile}"`];
    server.configure(['tls {', ...files, ...more, '}']);
    await server.restart();
    return { server, own };
  }

  it('serves who trusts it, by address as by name', async () => {
    const { server, own } = await tlsServer('IP:127.0.0.1,DNS:localhost');
    const tls = { caFile: own.certFile };
    await works({ servers: server.url, tls });
    await works({ servers: server.url.replace('127.0.0.1', 'localhost'), tls });
  });

  it('is refused where its certificate is not trusted, by the option that says whom to trust', async () => {
    const { server } = await tlsServer('IP:127.0.0.1');
    const other = authority(scratch(), 'other');
    const words = [server.url, 'a certificate that is not trusted', 'give who signed it as tls.caFile'];
    await refusedWith({ servers: server.url, tls: { caFile: other.certFile } }, 'unauthenticated', ...words);
    await refusedWith({ servers: server.url, tls: true }, 'unauthenticated', ...words);
    await refusedWith({ servers: server.url }, 'unauthenticated', ...words);
  });

  it("is refused with another's certificate, unless the name in it is given", async () => {
    const { server, own } = await tlsServer('DNS:nats.example,DNS:localhost');
    const tls = { caFile: own.certFile };
    await refusedWith({ servers: server.url, tls }, 'unauthenticated', "another's certificate", 'tls.serverName');
    await works({ servers: server.url, tls: { ...tls, serverName: 'nats.example' } });
  });

  it('takes a client certificate that it trusts, and says which option misses one', async () => {
    const { server, own } = await tlsServer('IP:127.0.0.1', ['verify: true']);
    const client = certificate(scratch(), 'client', own, 'DNS:client');
    const stranger = certificate(scratch(), 'stranger', authority(scratch(), 'other'), 'DNS:stranger');
    const tls = { caFile: own.certFile };
    await works({ servers: server.url, tls: { ...tls, ...client } });
    await refusedWith({ servers: server.url, tls }, 'unauthenticated', 'give tls.certFile and tls.keyFile');
    await refusedWith(
      { servers: server.url, tls: { ...tls, ...stranger } },
      'unauthenticated',
      `does not take the certificate in tls.certFile '${stranger.certFile}'`,
    );
  });

  it('is not even asked with files that cannot be used', async () => {
    const { server, own } = await tlsServer('IP:127.0.0.1');
    const { certFile } = certificate(scratch(), 'client', own, 'DNS:client');
    const { keyFile } = certificate(scratch(), 'other', own, 'DNS:other');
    const refused = (tls: NonNullable<NatsOptions['tls']>, word: string): Promise<void> =>
      refusedWith({ servers: server.url, tls }, 'invalid_argument', word);
    await refused({ caFile: '/nowhere/ca.pem' }, "tls.caFile '/nowhere/ca.pem' cannot be used");
    await refused({ caFile: keyFile }, `tls.caFile '${keyFile}' cannot be used as a certificate`);
    await refused({ certFile }, 'tls.certFile is given without tls.keyFile');
    await refused({ keyFile }, 'tls.keyFile is given without tls.certFile');
    await refused({ certFile, keyFile }, `the key in tls.keyFile '${keyFile}' is not that of the certificate`);
  });

  it('is missed where TLS is wanted and the server has none', async () => {
    const server = await serverWith([]);
    await refusedWith({ servers: server.url, tls: true }, 'invalid_argument', 'speaks no TLS: leave tls out');
  });
});

describe('a NATS that asks who connects', () => {
  it('takes user and password, and refuses others by the options given', async () => {
    const server = await serverWith(['authorization { user: "u", password: "secret" }']);
    await works({ servers: server.url, user: 'u', password: 'secret' });
    const wrong = "refuses the user 'u': check user and password";
    await refusedWith({ servers: server.url, user: 'u', password: 'guess' }, 'unauthenticated', server.url, wrong);
    const missing = 'asks who connects: give user and password, token or credentials';
    await refusedWith({ servers: server.url }, 'unauthenticated', missing);
  });

  it('takes a token', async () => {
    const server = await serverWith(['authorization { token: "secret" }']);
    await works({ servers: server.url, token: 'secret' });
    await refusedWith({ servers: server.url, token: 'guess' }, 'unauthenticated', 'refuses the token: check token');
  });

  it('takes a credentials file of an account that it knows', async () => {
    const [known, stranger] = [makeAccounts(), makeAccounts()];
    const server = await serverWith(known.lines);
    await works({ servers: server.url, credentials: server.write('user.creds', known.credentials()) });
    const other = server.write('other.creds', stranger.credentials());
    const wrong = `refuses the credentials file '${other}': check credentials`;
    await refusedWith({ servers: server.url, credentials: other }, 'unauthenticated', wrong);
    const garbage = server.write('garbage.creds', 'no credentials');
    const cannot = `the credentials file '${garbage}' cannot be used`;
    await refusedWith({ servers: server.url, credentials: garbage }, 'invalid_argument', cannot);
  });
});

describe('a NATS with the permissions of services/nats', () => {
  const permissions = (role: string): string =>
    readFileSync(join(__dirname, '..', '..', '..', 'services', 'nats', `${role}.conf`), 'utf8');
  const inbox = { maxBytes: 1_000_000 };
  const user = (role: string): NatsOptions => ({ servers: servers[0]?.url ?? '', user: role, password: role, inbox });

  async function guarded(): Promise<void> {
    const roles = ['host', 'client', 'worker'];
    const users = roles.map((role) => `{ user: ${role}, password: ${role}\n include "${role}.conf" }`);
    const files = Object.fromEntries(roles.map((role) => [`${role}.conf`, permissions(role)]));
    const authorization = `authorization { users: [\n${users.join('\n')}\n] }`;
    const server = await serverWith([authorization], files);
    await server.kill();
    server.configure([authorization, `jetstream { store_dir: "${server.directory}/js" }`]);
    await server.restart();
  }

  async function isRefused(connection: NatsConnection, act: () => void): Promise<boolean> {
    const statuses = connection.status();
    act();
    await connection.flush();
    const first = await Promise.race([statuses[Symbol.asyncIterator]().next(), new Promise((go) => setImmediate(go))]);
    const { value } = (first ?? {}) as { readonly value?: { readonly error?: unknown } };
    return value?.error instanceof errors.PermissionViolationError;
  }

  it('lets a client do what a client does, and a host what a host does', async () => {
    await guarded();
    const [host, caller] = [transportAt(user('host')), transportAt(user('client'))];
    const served = await host.serve('default', ['cart'], async () => OK);
    expect(await caller.request(message('cart', 'm'), null)).toEqual(OK);
    expect(await caller.inbox?.served(CART)).toBe(true);
    await served.close();
    await expect(caller.request(message('cart', 'm'), null)).rejects.toMatchObject({ reason: 'not_served' });
  });

  it('lets a client put signals into the inbox, and a host take them and bury them (C16)', async () => {
    await guarded();
    const [host, caller] = [transportAt(user('host')), transportAt(user('client'))];
    await expect(caller.open()).rejects.toMatchObject({
      code: 'permission_denied',
      message: expect.stringContaining('STREAM.CREATE.perdure-inbox') as string,
    });
    await host.open();
    const sent = signal('1');
    await caller.inbox?.put(sent);
    expect(await caller.inbox?.holds(sent.key)).toBe(true);
    const kept = await host.inbox?.next(CART, 0);
    await host.inbox?.bury(CART, kept!, { code: 'rejected', message: 'no' } as WireError);
    expect(await host.inbox?.nextDead(CART, 0)).toMatchObject({ message: sent });
    expect(await caller.inbox?.holds(sent.key)).toBe(false);
    await expect(caller.inbox?.next(CART, 0)).rejects.toMatchObject({ code: 'permission_denied' });
    await expect(caller.inbox?.remove(1)).rejects.toMatchObject({ code: 'permission_denied' });
    await expect(caller.inbox?.nextDead(CART, 0)).rejects.toMatchObject({ code: 'permission_denied' });
  });

  it('lets a worker take tasks and tell how they end, and nothing else (C17)', async () => {
    await guarded();
    const { inbox: _, ...asWorker } = { ...user('worker'), replyGroup: 'worker' };
    const [host, worker] = [transportAt(user('host')), transportAt(asWorker)];
    await Promise.all([host.open(), worker.open()]);
    const [desk, ears] = [new Desk(), new Ears()];
    const taking = { namespace: 'n', queues: [TASK.queue], groups: [TASK.group], most: 1, execute: desk.execute };
    worker.takeTasks(taking);
    const offered = host.taskQueues('n').offer(TASK, ears);
    await desk.until(1);
    offered.stop('enough');
    desk.ends[0]!(VALUE);
    expect(await ears.until(2)).toEqual(['began', VALUE]);
    await expect(worker.request(message('cart', 'm'), null)).rejects.toMatchObject({ code: 'permission_denied' });
    const connection = await connect({ servers: asWorker.servers as string, user: 'worker', pass: 'worker' });
    for (const subject of ['perdure.reply.any.>', 'perdure.host.*', 'perdure.dispatch.*'])
      expect([subject, await isRefused(connection, () => connection.subscribe(subject))]).toEqual([subject, true]);
    await connection.close();
  });

  it('does not let a client hear what hosts are asked, nor answer in their place', async () => {
    await guarded();
    const { inbox: _, ...plain } = user('client');
    await expect(transportAt(plain).serve('default', ['cart'], async () => OK)).rejects.toMatchObject({
      code: 'permission_denied',
      message: expect.stringContaining("does not let this user listen to 'perdure.") as string,
    });
    const client = await connect({ servers: user('client').servers as string, user: 'client', pass: 'client' });
    for (const subject of [
      'perdure.host.s1',
      'perdure.host.*',
      'perdure.routes',
      'perdure.inbox.>',
      'perdure.types.*.*',
      '>',
    ])
      expect([subject, await isRefused(client, () => client.subscribe(subject))]).toEqual([subject, true]);
    expect(await isRefused(client, () => client.subscribe('perdure.reply.any.1'))).toBe(false);
    expect(await isRefused(client, () => client.publish('perdure.reply.any.1'))).toBe(true);
    await client.close();
  });

  it('tells a caller at once what it may not send, and one that may hear no answer', async () => {
    await guarded();
    const elsewhere = transportAt({ ...user('client'), prefix: 'other' });
    await expect(elsewhere.open()).rejects.toMatchObject({
      code: 'permission_denied',
      message: expect.stringContaining("listen to 'other.reply.any.") as string,
    });
    const server = await serverWith([
      'authorization { users: [{ user: u, password: u, permissions { publish: ["perdure.routes", "perdure.reply.>"] } }] }',
    ]);
    const options = { servers: server.url, user: 'u', password: 'u' };
    const [host, caller] = [transportAt(options), transportAt(options)];
    await host.serve('default', ['cart'], async () => OK);
    await expect(caller.request(message('cart', 'm'), null)).rejects.toMatchObject({ code: 'permission_denied' });
  });
});
