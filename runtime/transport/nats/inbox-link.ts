/**
 * Inbox link: makes an inbox of an open connection, or says why that cannot be.
 *
 * Owns: the two streams' settings. Does not own: what is kept in them (`nats-inbox`).
 */

import type { NatsConnection } from 'nats';
import { DEAD_LETTER_BYTES, INBOX_BYTES, SERVED_MS } from '../../config';
import type { Log } from '../../ports/telemetry';
import { FrameLimit } from '../frame-limit';
import { JetStream } from './jetstream';
import { syncOf } from './jetstream-sync';
import type { InboxLink } from './nats-inbox';
import { streamsOf } from './nats-inbox';
import type { NatsMessenger } from './nats-messenger';
import type { NatsInboxOptions, NatsOptions } from './options';

export async function linkInbox(
  connection: NatsConnection,
  options: NatsOptions & { readonly prefix: string },
  messenger: NatsMessenger,
  log: Log,
): Promise<InboxLink> {
  const { prefix, inbox } = options;
  const { maxBytes = INBOX_BYTES, replicas = 1, monitor }: NatsInboxOptions = typeof inbox === 'object' ? inbox : {};
  const limit = new FrameLimit(messenger, options.maxFrameBytes);
  const jetstream = new JetStream(connection, [options.servers].flat().join(', '), () => messenger.connected);
  const streams = streamsOf(prefix);
  await jetstream.check();
  await jetstream.ensure({ name: streams.inbox, subject: `${prefix}.inbox.>`, maxBytes, replicas, discard: 'new' });
  const dead = { name: streams.dead, subject: `${prefix}.dead.>`, maxBytes: DEAD_LETTER_BYTES, replicas };
  await jetstream.ensure({ ...dead, discard: 'old' });
  const sync = monitor === undefined ? 'unknown' : await syncOf(monitor);
  if (sync !== 'always')
    log.warn({ sync }, `the inbox may lose what it accepted when its server dies: ${remedy(sync)}`);
  return {
    jetstream,
    sync,
    get room() {
      return limit.room;
    },
    messenger,
  };
}

function remedy(sync: InboxLink['sync']): string {
  if (sync === 'unknown') return 'whether it syncs is not known; give inbox.monitor of nats(), the URL of its monitor';
  return 'set sync_interval: always in the jetstream block of the server';
}

/** A host without an inbox, where callers have one: what they put there would wait for ever. */
export async function warnOfInbox(connection: NatsConnection, prefix: string, log: Log): Promise<void> {
  const { inbox } = streamsOf(prefix);
  const asked = connection.request(`$JS.API.STREAM.INFO.${inbox}`, '', { timeout: SERVED_MS });
  const found = await asked.then(
    (answer) => answer.json<{ readonly error?: unknown }>().error === undefined,
    () => false,
  );
  if (found)
    log.warn({ stream: inbox }, 'signals wait in an inbox that this host does not take from: give nats() inbox');
}
