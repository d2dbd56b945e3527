import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { Proxy } from './proxy';

/** All that a socket has received, and a wait for so many characters of it. */
class Ear {
  text = '';
  ended = false;
  private readonly wake = new Set<() => void>();

  constructor(readonly socket: Socket) {
    const woken = (): void => this.wake.forEach((wake) => wake());
    socket.on('data', (bytes) => ((this.text += bytes.toString()), woken()));
    socket.on('error', () => undefined);
    socket.on('close', () => ((this.ended = true), woken()));
  }

  async has(characters: number): Promise<string> {
    return this.until(() => this.text.length >= characters).then(() => this.text);
  }

  async end(): Promise<string> {
    return this.until(() => this.ended).then(() => this.text);
  }

  private async until(is: () => boolean): Promise<void> {
    while (!is()) await new Promise<void>((resolve) => this.wake.add(resolve));
  }
}

describe('a proxy', () => {
  let server: Server;
  let proxy: Proxy;
  const accepted: Ear[] = [];
  const opened: Ear[] = [];

  beforeEach(async () => {
    server = createServer((socket) => accepted.push(new Ear(socket)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    proxy = await Proxy.listen({ host: '127.0.0.1', port: 0 }, { host: '127.0.0.1', port });
  });

  afterEach(async () => {
    for (const { socket } of [...opened.splice(0), ...accepted.splice(0)]) socket.destroy();
    await proxy.close();
    server.close();
  });

  /** Both ends of a new connection, which has carried a word each way. */
  async function pair(): Promise<{ readonly opener: Ear; readonly far: Ear }> {
    const opener = new Ear(connect(proxy.port, '127.0.0.1'));
    opened.push(opener);
    const connection = once(server, 'connection');
    opener.socket.write('hello');
    await connection;
    const far = accepted.at(-1) ?? opener;
    expect(await far.has(5)).toBe('hello');
    far.socket.write('good day');
    expect(await opener.has(8)).toBe('good day');
    return { opener, far };
  }

  async function connectionsAre(count: number): Promise<void> {
    while (proxy.connections !== count) await new Promise((resolve) => setImmediate(resolve));
  }

  /** After it, whatever could come has come. */
  async function answered({ opener, far }: { readonly opener: Ear; readonly far: Ear }, ear: Ear): Promise<void> {
    const before = ear.text.length;
    (ear === opener ? far : opener).socket.write('?');
    await ear.has(before + 1);
  }

  it('passes bytes and the end of them, both ways', async () => {
    const { opener, far } = await pair();
    opener.socket.end('bye');
    expect(await far.has(8)).toBe('hellobye');
    expect(await opener.end()).toBe('good day');
    expect(await far.end()).toBe('hellobye');
    await connectionsAre(0);
  });

  it.each([
    ['up', 'far', 'opener'],
    ['down', 'opener', 'far'],
  ] as const)('holds back what goes %s, passes the other way, and lets it come late', async (way, deaf, other) => {
    const both = await pair();
    proxy.disturb({ held: [way] });
    const before = both[deaf].text;
    both[other].socket.write('late');
    await answered(both, both[other]);
    expect(both[deaf].text).toBe(before);
    proxy.heal();
    expect(await both[deaf].has(before.length + 4)).toBe(`${before}late`);
  });

  it('holds back what goes over connections that are opened meanwhile', async () => {
    proxy.disturb({ held: ['up'] });
    const opener = new Ear(connect(proxy.port, '127.0.0.1'));
    opened.push(opener);
    opener.socket.write('hello');
    const [socket] = (await once(server, 'connection')) as [Socket];
    socket.write('good day');
    expect(await opener.has(8)).toBe('good day');
    expect(accepted.at(-1)?.text).toBe('');
    proxy.heal();
    expect(await accepted.at(-1)?.has(5)).toBe('hello');
  });

  it('delays what goes over it, and keeps its order', async () => {
    const { opener, far } = await pair();
    proxy.disturb({ delayMs: 60 });
    const sentMs = performance.now();
    opener.socket.write('a');
    await far.has(6);
    expect(performance.now() - sentMs).toBeGreaterThanOrEqual(59);
    opener.socket.write('b');
    proxy.heal();
    opener.socket.write('c');
    expect(await far.has(8)).toBe('helloabc');
  });

  it.each([
    ['up', 'far', 'opener'],
    ['down', 'opener', 'far'],
  ] as const)('cuts in the middle of what goes %s: half of it comes, then the end', async (way, deaf, other) => {
    const both = await pair();
    proxy.cutInMidFrame(way);
    both[other].socket.write('0123456789');
    expect(await both[deaf].end()).toMatch(/(hello|good day)01234$/);
    await both[other].end();
    const again = await pair();
    await answered(again, again.far);
  });

  it('leaves a connection half open: its server knows of the end, its opener does not', async () => {
    const { opener, far } = await pair();
    proxy.halfOpen();
    await far.end();
    opener.socket.write('is anybody there?');
    const again = await pair();
    await answered(again, again.far);
    expect([opener.ended, opener.text, far.text]).toEqual([false, 'good day', 'hello']);
    opener.socket.end();
    await opener.end();
    await connectionsAre(1);
  });

  it('ends a connection whose server is gone', async () => {
    const { opener, far } = await pair();
    far.socket.resetAndDestroy();
    await opener.end();
    await connectionsAre(0);
  });
});
