/**
 * Connect: one connection to NATS.
 *
 * Owns: the client's settings (C14), how the user shows who it is. Does not own: what is sent (`nats-messenger`), the
 * files of TLS (`tls`), why there is no connection (`refused`).
 */

import { readFileSync } from 'node:fs';
import { connect, credsAuthenticator } from 'nats';
import type { NatsConnection, NodeConnectionOptions } from 'nats';
import { PerdureError } from '../../../framework/errors';
import { NATS_CONNECT_MS, NATS_PINGS_OUT, NATS_PING_MS, NATS_RECONNECT_MS } from '../../config';
import type { NatsOptions } from './options';
import { refused } from './refused';
import { tlsSettings } from './tls';

/**
 * Rejects with `unavailable`, `unauthenticated` or `invalid_argument`. Once connected it reconnects for ever, even to a
 * server that does not know its user for a while.
 */
export async function connectNats(options: NatsOptions, inboxPrefix: string): Promise<NatsConnection> {
  const { servers, user, password, token, credentials, name, tls } = options;
  const settings: NodeConnectionOptions = {
    servers: typeof servers === 'string' ? servers : [...servers],
    name: name ?? 'perdure',
    inboxPrefix,
    pingInterval: NATS_PING_MS,
    maxPingOut: NATS_PINGS_OUT,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: NATS_RECONNECT_MS,
    timeout: NATS_CONNECT_MS,
    ...(user === undefined ? {} : { user, pass: password ?? '' }),
    ...(token === undefined ? {} : { token }),
    ...(tls === undefined ? {} : { tls: await tlsSettings(tls === true ? {} : tls, options) }),
    ...(credentials === undefined ? {} : { authenticator: authenticator(credentials) }),
  };
  try {
    return await connect(settings);
  } catch (error) {
    throw await refused(options, error);
  }
}

/** The file is read again at each connection, for what it holds may run out; while it cannot be, the last good one is shown. */
function authenticator(file: string): ReturnType<typeof credsAuthenticator> {
  let last: Uint8Array;
  const usable = (): Uint8Array => {
    const bytes = readFileSync(file);
    credsAuthenticator(bytes)('');
    return (last = bytes);
  };
  try {
    usable();
  } catch (cause) {
    const fact = `the credentials file '${file}' cannot be used: ${(cause as Error).message}`;
    throw new PerdureError('invalid_argument', `${fact}; check credentials`, { reason: 'transport', cause });
  }
  return credsAuthenticator(() => {
    try {
      return usable();
    } catch {
      return last;
    }
  });
}
