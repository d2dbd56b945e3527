import { connect } from 'nats';
import type { NatsConnection } from 'nats';
import { silentLog } from '../../ports/telemetry';
import { systemClock } from '../../system/clock';
import { testServices } from '../../../services/for-tests';
import { message, transportContract } from '../transport.contract';
import { NatsTransport } from './nats-transport';
import type { NatsOptions } from './options';

let n = 0;
const fresh = (): string => `t${process.pid}-${Date.now().toString(36)}-${(n += 1)}`;

async function transportAt(more: Partial<NatsOptions> = {}): Promise<NatsTransport> {
  const { nats } = await testServices();
  return new NatsTransport({ servers: nats, ...more }, { clock: systemClock, log: silentLog, drawName: fresh });
}

transportContract('NATS', async () => {
  const prefix = fresh();
  const [caller, host] = [await transportAt({ prefix }), await transportAt({ prefix })];
  await Promise.all([caller.open(), host.open()]);
  return { caller, host, close: async () => void (await Promise.all([caller.close(), host.close()])) };
});

describe('transport over NATS', () => {
  it('says at once that nobody serves where no host listens (C14)', async () => {
    const caller = await transportAt({ prefix: fresh() });
    await expect(caller.request(message('cart', 'm'), null)).rejects.toMatchObject({
      code: 'unavailable',
      reason: 'not_served',
    });
    await caller.close();
  });

  it('serves from the moment at which `serve` resolves, whatever the server did in between', async () => {
    for (let round = 1; round <= 60; round += 1) {
      const prefix = fresh();
      const [caller, host] = [await transportAt({ prefix }), await transportAt({ prefix })];
      await Promise.all([caller.open(), host.open()]);
      await host.serve('default', ['cart'], async () => ({
        ok: true,
        value: new Uint8Array(),
        duplicate: false,
        seq: 1,
      }));
      expect(await caller.request(message('cart', 'm'), null)).toMatchObject({ ok: true });
      await Promise.all([caller.close(), host.close()]);
    }
  });

  it('drops what is no frame, and serves on', async () => {
    const prefix = fresh();
    const host = await transportAt({ prefix });
    await host.serve('default', ['cart'], async () => ({
      ok: true,
      value: Uint8Array.of(1),
      duplicate: false,
      seq: 1,
    }));
    const rogue: NatsConnection = await connect({ servers: (await testServices()).nats });
    for (const bytes of [new Uint8Array(), Uint8Array.of(1, 255), Buffer.from('hello')])
      rogue.publish(`${prefix}.routes`, bytes);
    await rogue.flush();
    const caller = await transportAt({ prefix });
    expect(await caller.request(message('cart', 'm'), null)).toMatchObject({ ok: true });
    await Promise.all([caller.close(), host.close(), rogue.close()]);
  });

  it('is refused by name when no server is there, and can be opened later', async () => {
    const caller = await transportAt({ servers: 'nats://127.0.0.1:1' });
    await expect(caller.open()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('NATS at nats://127.0.0.1:1 cannot be reached') as string,
    });
    await expect(caller.open()).rejects.toMatchObject({ code: 'unavailable' });
    await caller.close();
  });

  it('refuses a credentials file that is not there, and a prefix that is no subject', async () => {
    const caller = await transportAt({ credentials: '/nowhere/user.creds' });
    await expect(caller.open()).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining("the credentials file '/nowhere/user.creds' cannot be used") as string,
    });
    await caller.close();
    await expect(transportAt({ prefix: 'a..b' })).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});
