import { memory } from './memory-transport';
import { message, transportContract } from './transport.contract';

transportContract('the memory transport', async () => {
  const hub = memory();
  return { caller: hub, host: hub, close: async () => undefined };
});

describe('memory()', () => {
  it('gives a hub of its own each time: callers of one hub do not reach hosts of another', async () => {
    const [one, other] = [memory(), memory()];
    await one.serve('default', ['cart'], async () => ({ ok: true, value: new Uint8Array(), duplicate: false, seq: 1 }));
    await expect(other.request(message('cart', 'm'), null)).rejects.toThrow('no host serves cart in namespace default');
  });

  it('does not hand over a request that was made before the server closed and had not reached it', async () => {
    const hub = memory();
    let handled = 0;
    const served = await hub.serve('default', ['cart'], async () => {
      handled += 1;
      return { ok: true, value: new Uint8Array(), duplicate: false, seq: 1 };
    });
    const pending = hub.request(message('cart', 'm'), null);
    void served.close();
    await expect(pending).rejects.toMatchObject({ code: 'unavailable', reason: 'not_served' });
    expect(handled).toBe(0);
  });
});
