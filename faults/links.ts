/**
 * Links: a proxy for each way from a process of a fault run to a server.
 *
 * Owns: which there are, and their addresses. Does not own: what befalls them (`proxy`, `kinds`).
 *
 * The driver of Cassandra gives the nodes that it discovers the port that it was given (C12a). So each host has a port of
 * its own, on which a proxy stands at the address of every node: what the driver discovers leads through proxies too.
 */

import type { Daemon } from '../services/daemon';
import type { RunningServices } from '../services/services';
import { Proxy } from './proxy';

/** Of one host, also of the one that takes its place. */
export interface HostLinks {
  readonly nats: Proxy;
  /** One for each node, all on one port. */
  readonly cassandra: readonly Proxy[];
}

export interface Links {
  readonly hosts: readonly HostLinks[];
  /** To NATS, one for each caller. */
  readonly callers: readonly Proxy[];
  /** Throws if a way leads past its proxy. */
  checkInUse(): void;
  close(): Promise<void>;
}

/** Ports of the first host and of the first caller, above the server's own. */
const HOST_PORTS = 1;
const CALLER_PORTS = 101;

export async function openLinks(
  { nats, cassandra }: RunningServices,
  count: { readonly hosts: number; readonly callers: number },
): Promise<Links> {
  const hosts = await Promise.all(
    numbers(count.hosts).map(async (i) => ({
      nats: await proxyOf(nats, HOST_PORTS + i),
      cassandra: await Promise.all(cassandra.map((node) => proxyOf(node, HOST_PORTS + i))),
    })),
  );
  const callers = await Promise.all(numbers(count.callers).map((i) => proxyOf(nats, CALLER_PORTS + i)));
  const all = [...callers, ...hosts.flatMap((host) => [host.nats, ...host.cassandra])];
  const checkInUse = (): void => {
    const unused = all.find(({ connections }) => connections === 0);
    if (unused !== undefined)
      throw new Error(`nothing passes the proxy on port ${unused.port}: a fault of it would be none`);
  };
  return { hosts, callers, checkInUse, close: async () => void (await Promise.all(all.map((proxy) => proxy.close()))) };
}

function proxyOf({ address: { host, port } }: Daemon, above: number): Promise<Proxy> {
  return Proxy.listen({ host, port: port + above }, { host, port });
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
