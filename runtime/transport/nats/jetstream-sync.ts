/**
 * JetStream sync: when what JetStream has acknowledged is on disk (C16).
 *
 * Owns: asking the server's monitor, for JetStream itself does not tell. Does not own: what follows from it.
 */

import { get } from 'node:http';
import { GREETING_MS } from '../../config';
import type { InboxSync } from '../../ports/inbox';

const NS_PER_MS = 1_000_000;

interface Monitored {
  readonly config?: { readonly sync_always?: boolean; readonly sync_interval?: number };
}

/** `monitor`: `http://host:port` of the server's monitor. `unknown` when it does not answer. */
export function syncOf(monitor: string): Promise<InboxSync> {
  return new Promise((resolve) => {
    const unknown = (): void => resolve('unknown');
    const asked = get(new URL('/jsz?config=true', monitor), { timeout: GREETING_MS }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => (text += part));
      answer.on('end', () => resolve(read(text)));
      answer.on('error', unknown);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', unknown);
    asked.on('close', unknown);
  });
}

function read(text: string): InboxSync {
  try {
    const { config } = JSON.parse(text) as Monitored;
    if (config?.sync_always === true) return 'always';
    return typeof config?.sync_interval === 'number' ? { afterMs: config.sync_interval / NS_PER_MS } : 'unknown';
  } catch {
    return 'unknown';
  }
}
