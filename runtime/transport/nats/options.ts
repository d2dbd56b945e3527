/**
 * Options of the NATS transport, as its user gives them.
 */

/** Files in PEM; `certFile` and `keyFile` make TLS mutual. Read again at each connection, so that they can be renewed. */
export interface NatsTls {
  /** Who signed the server's certificate; by default those that Node trusts. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** The name in the server's certificate, where that is not the one in `servers`. */
  readonly serverName?: string;
}

/** Two streams of JetStream, made if they are not there: one keeps signals, one shows what was refused. */
export interface NatsInboxOptions {
  /** Of the signals that wait; a full inbox takes nothing more. 256 MiB by default. */
  readonly maxBytes?: number;
  /** Servers of a NATS cluster that keep each; 1 by default. */
  readonly replicas?: number;
  /** `http://host:port` of the server's monitor, which alone tells when JetStream syncs what it has acknowledged. */
  readonly monitor?: string;
}

export interface NatsOptions {
  /** `nats://host:port` of one server or several of a cluster. */
  readonly servers: string | readonly string[];
  /** First token of every subject, so that several clusters share a server; `perdure` by default. */
  readonly prefix?: string;
  /**
   * Second token of the subjects at which this connection is answered, `PREFIX.reply.GROUP.…`; `any` by default. Users
   * whose permissions name a group of their own cannot hear the answers of others (`services/nats-roles.conf`).
   */
  readonly replyGroup?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** A credentials file of an account's user (JWT and seed). */
  readonly credentials?: string;
  readonly tls?: NatsTls | true;
  /** What the server shows of this connection. */
  readonly name?: string;
  /**
   * Signals for a type that no host serves at the moment are kept by JetStream until one does, in their order (C15, C16):
   * for hosts and clients alike. Off by default: then a call waits for a host until its timeout.
   */
  readonly inbox?: true | NatsInboxOptions;
  /** Largest frame, in bytes; the server's own limit less a reserve holds beside it. 8 MiB by default. */
  readonly maxFrameBytes?: number;
}

/** Of each server. */
export function addressesOf({ servers }: NatsOptions): { readonly host: string; readonly port: number }[] {
  return [servers].flat().map((server) => {
    const { hostname, port } = new URL(server.includes('://') ? server : `nats://${server}`);
    return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? NATS_PORT : Number(port) };
  });
}

const NATS_PORT = 4222;
