/**
 * NATS transport: callers and hosts as processes of their own, with a NATS server between them (C14, C15, C17).
 *
 * Owns: one connection, made at the first use; both ends of it. Does not own: routing (`routed-transport`), serving
 * (`frame-server`), bytes (`frame-codec`).
 *
 * Invariant: it opens no port: whoever reaches NATS reaches its hosts.
 */

import { assert } from '../../../framework/assert';
import { PerdureError } from '../../../framework/errors';
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES, PAYLOAD_RESERVE_BYTES } from '../../config';
import type { Clock } from '../../ports/clock';
import type { Log } from '../../ports/telemetry';
import type { TaskQueues } from '../../ports/task-queues';
import type { Served, SharedSession, SharedTransport, TakenTasks, TaskTaking, Wanted } from '../../ports/transport';
import type { Reply, Request } from '../../wire/envelope';
import { FrameServer, serveFrames } from '../frame-server';
import type { Handler } from '../handlers';
import { InboxDrain } from '../inbox/drain';
import { closedError } from '../refusals';
import { RoutedTransport } from '../routed-transport';
import { Dispatcher } from '../tasks/dispatcher';
import { TaskWorker } from '../tasks/task-worker';
import type { InboxLink } from './nats-inbox';
import { NatsInbox, typeSubject } from './nats-inbox';
import type { NatsMessenger } from './nats-messenger';
import type { NatsOptions } from './options';

export interface NatsEnvironment {
  readonly clock: Clock;
  readonly log: Log;
  /** A fresh name that no other process has. */
  readonly drawName: () => string;
}

/** A host that has its store to itself serves all there is. */
const ONE_SHARD = 1;

interface Opened {
  readonly messenger: NatsMessenger;
  readonly caller: RoutedTransport;
  readonly inbox: InboxLink | null;
  /** Says so if callers have an inbox and this transport has none. */
  warnOfInbox(): Promise<void>;
  close(): Promise<void>;
}

const DEFAULT_PREFIX = 'perdure';
const DEFAULT_REPLY_GROUP = 'any';
const WORDS = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

export class NatsTransport implements SharedTransport {
  readonly inbox?: NatsInbox;
  private opening: Promise<Opened> | null = null;
  private opened: Opened | null = null;
  private closed = false;
  private server: FrameServer | null = null;
  private readonly attending = new Set<() => void>();

  constructor(
    private readonly options: NatsOptions,
    private readonly environment: NatsEnvironment,
  ) {
    const { prefix = DEFAULT_PREFIX, replyGroup = DEFAULT_REPLY_GROUP } = options;
    for (const [name, word] of Object.entries({ prefix, replyGroup })) {
      if (!WORDS.test(word))
        throw new PerdureError('invalid_argument', `'${word}' cannot be ${name} of NATS subjects: give a word`);
    }
    const { maxFrameBytes = MAX_FRAME_BYTES } = options;
    if (!Number.isSafeInteger(maxFrameBytes) || maxFrameBytes < MIN_FRAME_BYTES) {
      const fact = `maxFrameBytes of NATS is ${maxFrameBytes}`;
      throw new PerdureError('invalid_argument', `${fact}: give a whole number from ${MIN_FRAME_BYTES}`);
    }
    if (options.inbox !== undefined) this.inbox = new NatsInbox(prefix, () => this.inboxLink());
  }

  get connected(): boolean {
    return this.opened?.messenger.connected ?? false;
  }

  /** Resolves once connected; a failed attempt may be repeated. */
  async open(): Promise<void> {
    await this.ready();
  }

  async request(request: Request, signal: AbortSignal | null, wanted?: Wanted): Promise<Reply> {
    const { caller } = this.opened ?? (await this.ready());
    return caller.request(request, signal, wanted);
  }

  async serve(namespace: string, types: readonly string[], answer: Handler, epoch = 1): Promise<Served> {
    const { messenger } = await this.ready();
    const session = this.environment.drawName();
    const routes = { session, shards: ONE_SHARD, answered: true, owner: () => ({ session, epoch }) };
    this.server ??= new FrameServer({ ...this.serving(messenger), routes });
    const served = await this.server.serve(namespace, types, answer);
    const leave = this.attend(namespace, types, answer);
    // Before the server has heard of it, it tells callers that nobody listens.
    await messenger.heard();
    return {
      close: async () => {
        leave();
        await served.close();
        // Until the server has heard of it, it goes on handing over what nobody takes any more.
        if (messenger.connected) await messenger.heard().catch(nothing);
      },
    };
  }

  serveSession(session: SharedSession): () => void {
    const close = serveFrames(this.serving(this.messenger), session);
    const leave = this.attend(session.namespace, session.types, session.answer);
    return () => {
      leave();
      close();
    };
  }

  taskQueues(namespace: string): TaskQueues {
    const { log, drawName } = this.environment;
    const made = new Dispatcher({ ...this.serving(this.messenger), log, namespace, name: drawName() });
    this.attending.add(() => made.close());
    return made;
  }

  takeTasks(taking: TaskTaking): TakenTasks {
    const made = new TaskWorker({ ...this.serving(this.messenger), ...taking, name: this.environment.drawName() });
    this.attending.add(() => made.close());
    return made;
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const leave of [...this.attending]) leave();
    this.server?.abandon();
    const opened = await this.opening?.catch(() => null);
    await opened?.close();
  }

  /** Tells callers that these types are served, and takes what the inbox has for them, until `leave`. */
  private attend(namespace: string, types: readonly string[], answer: Handler): () => void {
    const { inbox, messenger } = this;
    const { clock, log } = this.environment;
    const ends = types.flatMap((type) => {
      const address = { namespace, type };
      const end = messenger.attend(typeSubject(address));
      if (inbox === undefined) return [end];
      const drain = new InboxDrain({ inbox, address, answer, clock, log });
      return [end, () => drain.stop()];
    });

    if (inbox === undefined) void this.opened?.warnOfInbox();
    const leave = (): void => {
      this.attending.delete(leave);
      for (const end of ends.splice(0)) end();
    };
    this.attending.add(leave);
    return leave;
  }

  private async inboxLink(): Promise<InboxLink> {
    const { inbox } = await this.ready();
    assert(inbox !== null, 'a transport with an inbox links it as it connects');
    return inbox;
  }

  private get messenger(): NatsMessenger {
    if (this.opened !== null) return this.opened.messenger;
    throw new PerdureError('unavailable', 'NATS is not connected yet: open the transport first');
  }

  private serving(messenger: NatsMessenger) {
    const { maxFrameBytes } = this.options;
    const { clock } = this.environment;
    return { messenger, clock, ...(maxFrameBytes === undefined ? {} : { maxFrameBytes }) };
  }

  private ready(): Promise<Opened> {
    if (this.closed) return Promise.reject(closedError());
    this.opening ??= this.connect().catch((error: unknown) => {
      this.opening = null;
      throw error;
    });
    return this.opening;
  }

  private async connect(): Promise<Opened> {
    const { prefix = DEFAULT_PREFIX, replyGroup = DEFAULT_REPLY_GROUP } = this.options;
    const [{ connectNats }, loaded] = await Promise.all([import('./connect.js'), import('./nats-messenger.js')]);
    const connection = await connectNats(this.options, `${prefix}.${loaded.replySubject(replyGroup)}`);
    const messenger = new loaded.NatsMessenger(connection, prefix, replyGroup, this.environment.log);
    const caller = new RoutedTransport(this.serving(messenger));
    const close = async (): Promise<void> => {
      caller.close();
      // What was sent leaves first, unless there is no server any more to take it.
      await (messenger.connected ? connection.drain() : connection.close());
    };
    const { linkInbox, warnOfInbox } = await import('./inbox-link.js');
    let inbox: InboxLink | null = null;
    try {
      await messenger.heard();
      checkPayload(messenger);
      if (this.inbox !== undefined) {
        inbox = await linkInbox(connection, { ...this.options, prefix }, messenger, this.environment.log);
        this.inbox.sync = inbox.sync;
      }
    } catch (error) {
      await close();
      throw error;
    }
    const warn = (): Promise<void> => warnOfInbox(connection, prefix, this.environment.log);
    return (this.opened = { messenger, caller, inbox, warnOfInbox: warn, close });
  }
}

function checkPayload({ maxPayloadBytes }: NatsMessenger): void {
  const least = MIN_FRAME_BYTES + PAYLOAD_RESERVE_BYTES;
  if (maxPayloadBytes >= least) return;
  const fact = `NATS takes payloads of ${maxPayloadBytes} bytes`;
  throw new PerdureError('invalid_argument', `${fact}: set max_payload of the server to ${least} or more`);
}

function nothing(): void {}
