/**
 * Connect: one connection to NATS, and why there is none, in words that name the setting.
 *
 * Owns: the client's settings (C14), sorting its errors. Does not own: what is sent (`nats-messenger`).
 */

import { readFile } from 'node:fs/promises';
import { connect, credsAuthenticator } from 'nats';
import type { NatsConnection, NodeConnectionOptions } from 'nats';
import { PerdureError } from '../../../framework/errors';
import { NATS_CONNECT_MS, NATS_PING_MS, NATS_PINGS_OUT, NATS_RECONNECT_MS } from '../../config';
import type { NatsOptions } from './options';

/** Rejects with `unavailable`, `unauthenticated` or `invalid_argument`. Once connected it reconnects for ever. */
export async function connectNats(options: NatsOptions): Promise<NatsConnection> {
  const { servers, user, password, token, name, tls } = options;
  const settings: NodeConnectionOptions = {
    servers: typeof servers === 'string' ? servers : [...servers],
    name: name ?? 'perdure',
    pingInterval: NATS_PING_MS,
    maxPingOut: NATS_PINGS_OUT,
    maxReconnectAttempts: -1,
    reconnectTimeWait: NATS_RECONNECT_MS,
    timeout: NATS_CONNECT_MS,
    ...(user === undefined ? {} : { user, pass: password ?? '' }),
    ...(token === undefined ? {} : { token }),
    ...(tls === undefined ? {} : { tls: tls === true ? {} : tls }),
    ...(options.credentials === undefined ? {} : { authenticator: await authenticator(options.credentials) }),
  };
  try {
    return await connect(settings);
  } catch (error) {
    throw cannotConnect(options, error);
  }
}

async function authenticator(file: string): Promise<ReturnType<typeof credsAuthenticator>> {
  try {
    return credsAuthenticator(await readFile(file));
  } catch (cause) {
    const fact = `the credentials file '${file}' cannot be used: ${(cause as Error).message}`;
    throw new PerdureError('invalid_argument', `${fact}; check credentials`, { reason: 'transport', cause });
  }
}

function cannotConnect({ servers, user, tls }: NatsOptions, cause: unknown): PerdureError {
  const where = `NATS at ${typeof servers === 'string' ? servers : servers.join(', ')}`;
  const { name, message } = cause as Error;
  const more = { reason: 'transport', cause };
  if (name === 'AuthorizationError' || name === 'UserAuthenticationExpiredError' || /authorization/i.test(message)) {
    const who = user === undefined ? 'these credentials' : `the user '${user}'`;
    return new PerdureError(
      'unauthenticated',
      `${where} refuses ${who}: check user, password, token or credentials`,
      more,
    );
  }
  if (/certificate|\bTLS\b|\bSSL\b|secure/i.test(message)) {
    const remedy = tls === undefined ? 'give tls' : 'check caFile, certFile and keyFile of tls';
    return new PerdureError('unauthenticated', `${where} and TLS: ${message}; ${remedy}`, more);
  }
  return new PerdureError(
    'unavailable',
    `${where} cannot be reached: ${message}; check servers, and that one is up`,
    more,
  );
}
