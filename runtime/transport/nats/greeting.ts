/**
 * Greeting: what a NATS server says of itself to anybody who connects, before it knows who that is.
 *
 * Owns: asking for it once a connection has failed: a server that misses a client certificate only ends the connection,
 * and the client sees no more than a timeout.
 */

import { connect } from 'node:net';
import { GREETING_MS } from '../../config';

export interface Greeting {
  /** It asks for a client certificate. */
  readonly tls_verify?: boolean;
}

const PREAMBLE = 'INFO ';

/** Null when the server does not say anything, or nothing that is understood. */
export function greetingOf(address: { readonly host: string; readonly port: number }): Promise<Greeting | null> {
  return new Promise((resolve) => {
    const socket = connect(address);
    let text = '';
    const end = (greeting: Greeting | null): void => {
      socket.destroy();
      resolve(greeting);
    };
    socket.setTimeout(GREETING_MS, () => end(null));
    socket.once('error', () => end(null));
    socket.once('close', () => end(null));
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes('\n')) end(parsed(text.slice(0, text.indexOf('\n'))));
    });
  });
}

function parsed(line: string): Greeting | null {
  try {
    return line.startsWith(PREAMBLE) ? (JSON.parse(line.slice(PREAMBLE.length)) as Greeting) : null;
  } catch {
    return null;
  }
}
