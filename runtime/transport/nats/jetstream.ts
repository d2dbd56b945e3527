/**
 * JetStream: the few of its calls that the inbox needs, over one connection.
 *
 * Owns: asking and reading answers, and what goes wrong in words that name the setting. Does not own: what is kept and
 * why (`nats-inbox`).
 */

import type { Msg, NatsConnection } from 'nats';
import { errors, headers } from 'nats';
import { PerdureError } from '../../../framework/errors';
import { JETSTREAM_MS } from '../../config';

export interface Stream {
  readonly name: string;
  readonly subject: string;
  readonly maxBytes: number;
  readonly replicas: number;
  /** What happens to a message for which there is no room: refused, or the oldest goes. */
  readonly discard: 'new' | 'old';
}

export interface Stored {
  readonly seq: number;
  readonly subject: string;
  readonly bytes: Uint8Array;
  /** Wall clock of the server, in ms. */
  readonly storedAt: number;
}

interface ApiError {
  readonly code: number;
  readonly err_code?: number;
  readonly description: string;
}

interface StreamState {
  readonly config: { readonly subjects?: readonly string[] };
  readonly state: { readonly subjects?: Readonly<Record<string, number>> };
}

/** Codes of its errors. */
const STREAM_NOT_FOUND = 10_059;
const STREAM_NAME_IN_USE = 10_058;
const MESSAGE_NOT_FOUND = 10_057;
const STORE_FAILED = 10_077;
const NOT_FOUND = 404;

/** What JetStream said no to. */
class Refused extends Error {
  constructor(readonly error: ApiError) {
    super(error.description);
  }
}

export class JetStream {
  constructor(
    private readonly connection: NatsConnection,
    private readonly where: string,
    private readonly connected: () => boolean,
  ) {}

  /** Rejects with `invalid_argument` where the server has none. */
  async check(): Promise<void> {
    await this.api('INFO', {}).catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error;
      throw this.absent(error.message);
    });
  }

  /** Makes the stream unless it is there; one that is there stays as it is. */
  async ensure({ name, subject, maxBytes, replicas, discard }: Stream): Promise<void> {
    const found = await this.find(name);
    if (found === null) {
      const kept = { retention: 'limits', storage: 'file', discard, max_bytes: maxBytes, num_replicas: replicas };
      const config = { name, subjects: [subject], ...kept, allow_direct: true };
      await this.api(`STREAM.CREATE.${name}`, config).catch((error: unknown) => {
        if (error instanceof Refused && error.error.err_code === STREAM_NAME_IN_USE) return;
        if (!(error instanceof Refused)) throw error;
        const fact = `JetStream at ${this.where} does not make the stream ${name} (${error.message})`;
        throw new PerdureError('invalid_argument', `${fact}: check inbox of nats() and the limits of the account`);
      });
    } else if (found.config.subjects?.join() !== subject) {
      const fact = `the stream ${name} at ${this.where} holds ${found.config.subjects?.join(', ')}`;
      throw new PerdureError('invalid_argument', `${fact}, not ${subject}: it is another's, choose another prefix`);
    }
  }

  /** Resolves with its seq once it is kept; the same id within two minutes is kept once. */
  async publish(subject: string, bytes: Uint8Array, id: string): Promise<void> {
    const named = headers();
    named.set('Nats-Msg-Id', id);
    const answer = await this.ask(subject, bytes, named);
    const { error } = answer.json<{ readonly error?: ApiError }>();
    if (error === undefined) return;
    const code = error.err_code === STORE_FAILED ? 'resource_exhausted' : 'unavailable';
    const fact = `JetStream at ${this.where} did not keep what was put into ${subject}: ${error.description}`;
    throw new PerdureError(code, `${fact}; start a host that takes it, or raise maxBytes of inbox`);
  }

  /** The first message from `seq` on whose subject matches. */
  async next(stream: string, seq: number, subject: string): Promise<Stored | null> {
    const { headers: told, data } = await this.ask(
      `$JS.API.DIRECT.GET.${stream}`,
      JSON.stringify({ seq, next_by_subj: subject }),
    );
    if (told?.code === NOT_FOUND) return null;
    const found = Number(told?.get('Nats-Sequence'));
    if (told === undefined || !Number.isSafeInteger(found) || found < seq)
      throw new PerdureError('unavailable', `JetStream at ${this.where} gave no message of ${stream}: ${told?.status}`);
    const storedAt = Date.parse(told.get('Nats-Time-Stamp'));
    return { seq: found, subject: told.get('Nats-Subject'), bytes: data, storedAt };
  }

  /** Ignores what is not there. */
  async remove(stream: string, seq: number): Promise<void> {
    await this.api(`STREAM.MSG.DELETE.${stream}`, { seq, no_erase: true }).catch((error: unknown) => {
      if (!(error instanceof Refused) || error.error.err_code !== MESSAGE_NOT_FOUND) throw this.unavailable(error);
    });
  }

  async holds(stream: string, subject: string): Promise<boolean> {
    const found = await this.find(stream, subject);
    return Object.keys(found?.state.subjects ?? {}).length > 0;
  }

  private async find(stream: string, subject?: string): Promise<StreamState | null> {
    try {
      return await this.api<StreamState>(`STREAM.INFO.${stream}`, { subjects_filter: subject });
    } catch (error) {
      if (error instanceof Refused && error.error.err_code === STREAM_NOT_FOUND) return null;
      throw this.unavailable(error);
    }
  }

  private async api<T>(name: string, body: object): Promise<T> {
    const answer = (await this.ask(`$JS.API.${name}`, JSON.stringify(body))).json<T & { readonly error?: ApiError }>();
    if (answer.error !== undefined) throw new Refused(answer.error);
    return answer;
  }

  private async ask(subject: string, body: string | Uint8Array, named?: ReturnType<typeof headers>): Promise<Msg> {
    if (!this.connected()) throw this.unavailable(new Error('there is no connection'));
    try {
      const options = { timeout: JETSTREAM_MS, ...(named === undefined ? {} : { headers: named }) };
      return await this.connection.request(subject, body, options);
    } catch (error) {
      throw this.failed(subject, error as Error);
    }
  }

  private failed(subject: string, error: Error): PerdureError {
    const { cause } = error;
    const why = cause instanceof Error ? cause : error;
    if (why instanceof errors.NoRespondersError) return this.absent('nobody answers');
    if (why instanceof errors.PermissionViolationError) {
      const fact = `NATS does not let this user send to '${subject}'`;
      return new PerdureError('permission_denied', `${fact}: give it the permissions of its role`, { cause: error });
    }
    return this.unavailable(error);
  }

  private absent(why: string): PerdureError {
    const fact = `NATS at ${this.where} has no JetStream for this user (${why}), which inbox of nats() asks for`;
    return new PerdureError('invalid_argument', `${fact}: turn it on there, or leave inbox out`, {
      reason: 'transport',
    });
  }

  private unavailable(error: unknown): PerdureError {
    if (error instanceof PerdureError) return error;
    const fact = `JetStream at ${this.where} does not answer: ${(error as Error).message}`;
    return new PerdureError('unavailable', `${fact}; the outcome is unknown`, { cause: error });
  }
}
