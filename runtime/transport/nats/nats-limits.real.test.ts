import { PerdureError } from '../../../framework/errors';
import { silentLog } from '../../ports/telemetry';
import { systemClock } from '../../system/clock';
import type { Request } from '../../wire/envelope';
import { message } from '../transport.contract';
import { NatsServer } from './nats-server.fixture';
import { NatsTransport } from './nats-transport';
import type { NatsOptions } from './options';

const KIB = 1_024;

describe('payloads over NATS (C14)', () => {
  const transports: NatsTransport[] = [];
  let server: NatsServer;
  let n = 0;

  function transport(more: Partial<NatsOptions> = {}): NatsTransport {
    const drawName = (): string => `s${(n += 1)}`;
    const made = new NatsTransport({ servers: server.url, ...more }, { clock: systemClock, log: silentLog, drawName });
    transports.push(made);
    return made;
  }

  /** A host that answers with as many bytes as the method's name says, and a caller of it. */
  async function pair(more: Partial<NatsOptions> = {}) {
    const [host, caller] = [transport(more), transport(more)];
    await host.serve('default', ['cart'], async (request: Request) => {
      const bytes = request.op === 'message' ? Number(request.method) : 0;
      return { ok: true, value: new Uint8Array(bytes), duplicate: false, seq: 1 };
    });
    const ask = async (bytes: number, replyBytes = 0) =>
      caller.request(message('cart', `${replyBytes}`, { args: new Uint8Array(bytes) }), null);
    return { host, caller, ask };
  }

  afterEach(async () => {
    for (const one of transports.splice(0)) await one.close();
    await server.stop();
  });

  it('leave in as many frames as the server asks for, and so do their answers', async () => {
    server = await NatsServer.start([`max_payload: ${128 * KIB}`]);
    const { ask } = await pair();
    const replies = await Promise.all(Array.from({ length: 200 }, () => ask(5_000, 5_000)));
    for (const reply of replies) expect(reply).toMatchObject({ ok: true });
    expect(await ask(64_000, 64_000)).toMatchObject({ ok: true });
  });

  it('that fit into no frame are too_large, by the name of the limit, and others go on', async () => {
    server = await NatsServer.start([`max_payload: ${128 * KIB}`]);
    const { ask } = await pair();
    await expect(ask(70_000)).rejects.toMatchObject({
      code: 'too_large',
      message: expect.stringContaining('(max_payload of the server, 131072, less a reserve)') as string,
    });
    expect(await ask(1, 70_000)).toMatchObject({
      ok: false,
      error: { code: 'too_large', message: expect.stringContaining('the message has been applied') as string },
    });
    expect(await ask(1)).toMatchObject({ ok: true });
  });

  it('keep to what is configured where that is less', async () => {
    server = await NatsServer.start([]);
    const { ask } = await pair({ maxFrameBytes: 64 * KIB });
    await expect(ask(70_000)).rejects.toThrow('(maxFrameBytes): nothing was sent');
    expect(() => transport({ maxFrameBytes: 1_000 })).toThrow('give a whole number from 65536');
  });

  it('keep to what the server takes after it was started again', async () => {
    server = await NatsServer.start([]);
    const { host, caller, ask } = await pair();
    expect(await ask(500_000)).toMatchObject({ ok: true });
    server.configure([`max_payload: ${256 * KIB}`]);
    await server.kill();
    while (caller.connected || host.connected) await aMoment();
    await server.restart();
    while (!caller.connected || !host.connected) await aMoment();
    // A host that is connected is not one yet of which the server has heard what it serves.
    await answered(async () => ask(1));
    await expect(ask(500_000)).rejects.toMatchObject({ code: 'too_large' });
    expect(await ask(100_000)).toMatchObject({ ok: true });
  });

  it('need a server that takes enough for an answer', async () => {
    server = await NatsServer.start([`max_payload: ${64 * KIB}`]);
    await expect(transport().open()).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'NATS takes payloads of 65536 bytes: set max_payload of the server to 131072 or more',
    });
  });
});

const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

/** Asks until a host is there, as clients do. */
async function answered(ask: () => Promise<unknown>): Promise<void> {
  const waits = async (error: unknown): Promise<boolean> => {
    if (!(error instanceof PerdureError && error.reason === 'not_served')) throw error;
    await aMoment();
    return true;
  };
  while (await ask().then(() => false, waits));
}
