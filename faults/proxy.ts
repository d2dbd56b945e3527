/**
 * Proxy: one TCP link that can go wrong, between a process and one server.
 *
 * Owns: passing bytes both ways, and what befalls them. Does not own: which links there are (`links`), when something
 * befalls them (`kinds`).
 *
 * Invariants:
 * 1. Whatever befalls a connection, the bytes that arrive are the first ones that were sent, in order: what a network
 *    does, and no more. So bytes that are held back come late, or the connection breaks.
 * 2. A connection ends on both sides, but for a half-open one: its server's side has ended, its opener's goes on to take
 *    bytes and says nothing until the opener gives it up.
 */

import type { Socket, Server } from 'node:net';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `up` is to the server, `down` from it. */
export type Way = 'up' | 'down';

/** Of all connections, also of those that are opened while it lasts. */
export type Trouble = { readonly held: readonly Way[] } | { readonly delayMs: number };

const NO_TROUBLE: Trouble = { delayMs: 0 };

export class Proxy {
  private readonly links = new Set<Link>();
  private trouble = NO_TROUBLE;

  private constructor(
    private readonly server: Server,
    private readonly to: Address,
  ) {
    server.on('connection', (opener) => this.open(opener));
  }

  /** Resolves once it listens. */
  static async listen(at: Address, to: Address): Promise<Proxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen({ ...at, exclusive: true });
    await once(server, 'listening');
    return new Proxy(server, to);
  }

  get port(): number {
    const address = this.server.address();
    return address === null || typeof address === 'string' ? 0 : address.port;
  }

  get connections(): number {
    return this.links.size;
  }

  /** Until `heal`. */
  disturb(trouble: Trouble): void {
    this.trouble = trouble;
    for (const link of this.links) link.suffer(trouble);
  }

  /** What was held back goes on, late. */
  heal(): void {
    this.disturb(NO_TROUBLE);
  }

  /** Each connection breaks in the middle of the next bytes of that way. */
  cutInMidFrame(way: Way): void {
    for (const link of this.links) link.cutWithin(way);
  }

  /** The server's side of each connection ends; its opener is told nothing. */
  halfOpen(): void {
    for (const link of this.links) link.loseServer();
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const link of this.links) link.destroy();
    await closed;
  }

  private open(opener: Socket): void {
    const link = new Link(opener, connect({ ...this.to, noDelay: true, allowHalfOpen: true }), () =>
      this.links.delete(link),
    );
    link.suffer(this.trouble);
    this.links.add(link);
  }
}

/** One connection: the socket of its opener, and that to the server. */
class Link {
  private readonly up: Flow;
  private readonly down: Flow;
  private halfOpen = false;
  private ended = false;

  constructor(
    private readonly opener: Socket,
    private readonly server: Socket,
    private readonly onEnd: () => void,
  ) {
    const cut = (): void => this.destroy();
    this.up = new Flow(opener, server, cut);
    this.down = new Flow(server, opener, cut);
    opener.on('error', cut).once('close', cut);
    server.on('error', () => this.serverGone()).once('close', () => this.serverGone());
  }

  suffer(trouble: Trouble): void {
    this.up.delayMs = this.down.delayMs = 'delayMs' in trouble ? trouble.delayMs : 0;
    const held = 'held' in trouble ? trouble.held : [];
    this.up.hold(held.includes('up'));
    this.down.hold(held.includes('down'));
  }

  cutWithin(way: Way): void {
    this[way].cutWithin = true;
  }

  loseServer(): void {
    this.halfOpen = true;
    this.up.swallow = true;
    this.server.destroy();
  }

  destroy(): void {
    if (this.ended) return;
    this.ended = true;
    this.opener.destroy();
    this.server.destroy();
    this.up.end();
    this.down.end();
    this.onEnd();
  }

  private serverGone(): void {
    if (!this.halfOpen) this.destroy();
  }
}

/** The bytes of one way. */
class Flow {
  delayMs = 0;
  cutWithin = false;
  /** Bytes are taken and go nowhere; their end ends the link. */
  swallow = false;
  private held = false;
  private readonly waiting: { readonly bytes: Buffer | null; readonly dueMs: number }[] = [];
  private timer: NodeJS.Timeout | null = null;

  constructor(
    from: Socket,
    private readonly to: Socket,
    private readonly cut: () => void,
  ) {
    from.on('data', (bytes) => this.take(bytes));
    from.on('end', () => this.take(null));
  }

  hold(held: boolean): void {
    this.held = held;
    this.pass();
  }

  end(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.waiting.length = 0;
  }

  /** Null is the end of the bytes. */
  private take(bytes: Buffer | null): void {
    if (this.swallow) return bytes === null ? this.cut() : undefined;
    this.waiting.push({ bytes, dueMs: performance.now() + this.delayMs });
    this.pass();
  }

  private pass(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    while (!this.held && this.waiting.length > 0) {
      const leftMs = (this.waiting[0]?.dueMs ?? 0) - performance.now();
      if (leftMs > 0) {
        this.timer = setTimeout(() => this.pass(), leftMs);
        return;
      }
      this.send(this.waiting.shift()?.bytes ?? null);
    }
  }

  private send(bytes: Buffer | null): void {
    if (bytes === null) this.to.end();
    else if (!this.cutWithin) this.to.write(bytes);
    else this.cutIn(bytes);
  }

  private cutIn(bytes: Buffer): void {
    this.swallow = true;
    this.waiting.length = 0;
    this.to.write(bytes.subarray(0, bytes.length >> 1), this.cut);
  }
}
