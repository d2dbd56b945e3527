/**
 * Kinds of faults of links: what befalls the bytes between a process and a server.
 *
 * Owns: each kind by its name, which is that of a link and of a trouble. Does not own: what a trouble does to a
 * connection (`proxy`), kinds of other faults (`kinds`).
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { SimStream } from '../runtime/sim/world/random';
import type { FaultCluster } from './fault-cluster';
import type { Links } from './links';
import type { Proxy, Trouble } from './proxy';

type Befall = (cluster: FaultCluster, draw: SimStream) => Promise<void>;

interface Link {
  readonly proxies: (links: Links, draw: SimStream) => readonly Proxy[];
  /** How long a trouble lasts that has to be healed. */
  readonly lastsMs: number;
}

/** Longer than a host is waited for that is not seen (C3), or that does not answer NATS (C14). */
const LONG_MS = 12_000;
const SHORT_MS = 5_000;
/** Each way. Less than an answer is waited for (C12a). */
const SLOW_MS = 300;
/** A connection is broken by what goes over it next. */
const CUT_MS = 1_000;

const LINKS = {
  'host-NATS': { proxies: ({ hosts }, draw) => [draw.of(hosts).nats], lastsMs: LONG_MS },
  'caller-NATS': { proxies: ({ callers }, draw) => [draw.of(callers)], lastsMs: SHORT_MS },
  'host-Cassandra': { proxies: ({ hosts }, draw) => draw.of(hosts).cassandra, lastsMs: LONG_MS },
  'host-Cassandra-node': { proxies: ({ hosts }, draw) => [draw.of(draw.of(hosts).cassandra)], lastsMs: SHORT_MS },
} satisfies Readonly<Record<string, Link>>;

const during =
  (trouble: Trouble) =>
  async (proxies: readonly Proxy[], lastsMs: number): Promise<void> => {
    for (const proxy of proxies) proxy.disturb(trouble);
    await pause(lastsMs);
    for (const proxy of proxies) proxy.heal();
  };

const TROUBLES = {
  /** Nothing that the process sends arrives, until it all comes late. */
  'sends nothing': during({ held: ['up'] }),
  'hears nothing': during({ held: ['down'] }),
  slow: during({ delayMs: SLOW_MS }),
  'half-open': async (proxies: readonly Proxy[]) => {
    for (const proxy of proxies) proxy.halfOpen();
  },
  'cut in mid-frame': async (proxies: readonly Proxy[]) => {
    for (const way of ['up', 'down'] as const) {
      for (const proxy of proxies) proxy.cutInMidFrame(way);
      await pause(CUT_MS);
    }
  },
} satisfies Readonly<Record<string, (proxies: readonly Proxy[], lastsMs: number) => Promise<void>>>;

type LinkFaultName = `${keyof typeof LINKS} ${keyof typeof TROUBLES}`;

export const LINK_FAULTS = Object.fromEntries(
  Object.entries<Link>(LINKS).flatMap(([link, { proxies, lastsMs }]) =>
    Object.entries(TROUBLES).map(([trouble, befall]): [string, Befall] => [
      `${link} ${trouble}`,
      ({ links }, draw) => befall(proxies(links, draw), lastsMs),
    ]),
  ),
) as Readonly<Record<LinkFaultName, Befall>>;
