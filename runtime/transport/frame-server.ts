/**
 * Frame server: a host session's end of a cluster: takes frames of requests, and says who owns what (C14).
 *
 * Owns: telling clients that a shard has moved or that work goes on, frames of answers of one tick, the routes service.
 * Does not own: who answers for which type (`handlers`), what a request means and whether this session may answer it (a
 * reply `unavailable` with the reason `moved` says that it has not touched the request), resending.
 *
 * Invariants:
 * 1. A frame that comes twice is handed over once: the refusal of a first attempt is final only because no other copy of
 *    that attempt can be applied after it (S13).
 * 2. Work is told of only as long as it may come to an end: a host that its store does not answer is silent (C14).
 * 3. A closed server hears nothing, so that clients learn by a 503; what it is answering still is answered.
 */

import { PerdureError } from '../../framework/errors';
import { isPlanted } from '../../framework/planted-bugs';
import { HOST_IN_FLIGHT, RECENT_FRAMES, WORKING_MS } from '../config';
import type { Cancel, Clock } from '../ports/clock';
import type { Ear, Messenger } from '../ports/messenger';
import type { HostTransport, Routes, Served, SharedSession } from '../ports/transport';
import type { Reply, Request } from '../wire/envelope';
import type { Answer, Frame, NumberedRequest, RequestsFrame, UnwantedFrame } from '../wire/frame';
import { ROUTES_SUBJECT, hostSubject, split } from '../wire/frame';
import { shardOf } from '../wire/shard-map';
import { sizeOf } from '../wire/size';
import { FrameLimit } from './frame-limit';
import type { Handler } from './handlers';
import { failed, Handlers } from './handlers';
import { OpenRequests } from './open-requests';
import type { Reached } from './reached';
import { routesFrames } from './routes-frames';

export interface FrameServerOptions {
  readonly messenger: Messenger;
  readonly clock: Clock;
  readonly routes: Routes;
  /** Largest frame, in bytes; the server's own limit less a reserve holds beside it. 8 MiB by default. */
  readonly maxFrameBytes?: number;
  /** Counts which ways requests went. */
  readonly reached?: Reached;
}

/** Serves one session until the returned function is called: `serving: (session) => serveFrames(options, session)`. */
export function serveFrames(options: Omit<FrameServerOptions, 'routes'>, session: SharedSession): () => void {
  const server = new FrameServer({ ...options, routes: session.member });
  void server.serve(session.namespace, session.types, session.answer);
  return () => server.close();
}

interface Sized {
  readonly answer: Answer;
  readonly bytes: number;
}

const QUEUE = 'hosts';
/** Of an answer, beside its reply. */
const ANSWER_BYTES = 128;

export class FrameServer implements HostTransport {
  readonly #options: FrameServerOptions;
  readonly #limit: FrameLimit;
  readonly #handlers = new Handlers();
  #ears: Ear[] = [];
  /** First numbers of frames that have come, with their senders; the oldest first. */
  readonly #recent = new Set<string>();
  readonly #working = new OpenRequests();
  #leaving = new Map<string, Sized[]>();
  #telling: Cancel | null = null;
  #abandoned = false;

  constructor(options: FrameServerOptions) {
    this.#options = options;
    this.#limit = new FrameLimit(options.messenger, options.maxFrameBytes);
  }

  async serve(namespace: string, types: readonly string[], answer: Handler): Promise<Served> {
    const remove = this.#handlers.add(namespace, types, answer);
    this.#listen();
    return {
      close: async () => {
        remove();
        if (this.#handlers.none) this.close();
      },
    };
  }

  /** Takes no more requests: its session is over, or it drains. Those being answered still are. */
  close(): void {
    this.#handlers.clear();
    for (const ear of this.#ears.splice(0)) ear.close();
  }

  /** As `close`; what it is answering is not answered either, for nothing can leave any more. */
  abandon(): void {
    this.close();
    this.#telling?.();
    this.#telling = null;
    this.#abandoned = true;
  }

  #listen(): void {
    if (this.#ears.length > 0) return;
    const { messenger, routes } = this.#options;
    const hear = (frame: Frame): void => this.#hear(frame);
    this.#ears = [
      messenger.listen(hostSubject(routes.session), hear),
      messenger.listen(ROUTES_SUBJECT, hear, { queue: QUEUE }),
    ];
  }

  #hear(frame: Frame): void {
    if (frame.kind === 'ask') this.#tellRoutes(frame.from);
    if (frame.kind === 'unwanted') this.#forget(frame);
    if (frame.kind !== 'requests' || !this.#isNew(frame)) return;
    for (const one of frame.requests) void this.#take(frame.from, one);
    this.#watch();
  }

  #isNew({ from, requests }: RequestsFrame): boolean {
    const name = `${from}\0${requests[0]?.n}`;
    if (this.#recent.has(name)) {
      this.#options.reached?.('frame-again');
      return isPlanted('frame-taken-twice');
    }
    this.#recent.add(name);
    if (this.#recent.size > RECENT_FRAMES) {
      const [oldest] = this.#recent;
      this.#recent.delete(oldest as string);
    }
    return true;
  }

  async #take(from: string, { n, request }: NumberedRequest): Promise<void> {
    const handler = this.#handlers.of(request);
    if (handler === null) return this.#tell(from, { kind: 'moved', n, owner: null }, 0);
    if (this.#working.size >= HOST_IN_FLIGHT) return this.#reply(from, n, request, failed(busy()));
    this.#working.add(from, n);
    const reply = await handler(request);
    this.#working.remove(from, n);
    this.#watch();
    this.#reply(from, n, request, reply);
  }

  #reply(to: string, n: number, request: Request, reply: Reply): void {
    if (hasMoved(reply) && 'key' in request) {
      const { routes } = this.#options;
      return this.#tell(to, { kind: 'moved', n, owner: routes.owner(shardOf(request.key, routes.shards)) }, 0);
    }
    const bytes = sizeOf(reply);
    if (bytes + ANSWER_BYTES <= this.#limit.room) this.#tell(to, { kind: 'reply', n, reply }, bytes);
    else this.#reply(to, n, request, failed(this.#limit.tooLargeReply(request, reply, bytes)));
  }

  /** Answers leave together at the end of the tick. */
  #tell(to: string, answer: Answer, replyBytes: number): void {
    if (this.#leaving.size === 0) this.#options.clock.drain(() => this.#leave());
    const sized = { answer, bytes: ANSWER_BYTES + replyBytes };
    const leaving = this.#leaving.get(to);
    if (leaving === undefined) this.#leaving.set(to, [sized]);
    else leaving.push(sized);
  }

  #leave(): void {
    const { messenger, routes } = this.#options;
    const { session } = routes;
    const all = this.#leaving;
    this.#leaving = new Map();
    for (const [to, leaving] of all) {
      for (const group of split(leaving, this.#limit.bytes)) {
        const answers = group.map(({ answer }) => answer);
        messenger.send(to, { kind: 'answers', session, answers }, () => this.#working.removeAll(to));
      }
    }
  }

  #tellRoutes(to: string): void {
    const { messenger, routes } = this.#options;
    for (const frame of routesFrames(routes, this.#limit.room)) messenger.send(to, frame, nothing);
  }

  #forget({ from, numbers }: UnwantedFrame): void {
    this.#options.reached?.('unwanted');
    for (const n of numbers) this.#working.remove(from, n);
  }

  /** Work that lasts is told of; without work there is no timer. */
  #watch(): void {
    if (this.#abandoned) return;
    if (this.#working.size === 0) {
      this.#telling?.();
      this.#telling = null;
    } else this.#telling ??= this.#options.clock.after(WORKING_MS, () => this.#tellWorking());
  }

  #tellWorking(): void {
    this.#telling = null;
    if (this.#options.routes.answered) this.#working.forEach((from, n) => this.#tell(from, { kind: 'working', n }, 0));
    this.#watch();
  }
}

function hasMoved(reply: Reply): boolean {
  return !reply.ok && reply.error.code === 'unavailable' && reply.error.reason === 'moved';
}

function busy(): PerdureError {
  return new PerdureError('unavailable', `this host works on ${HOST_IN_FLIGHT} requests: send again later`);
}

function nothing(): void {}
