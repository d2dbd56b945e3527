/**
 * Options of the NATS transport, as its user gives them.
 */

/** Files in PEM; `certFile` and `keyFile` make TLS mutual. */
export interface NatsTls {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface NatsOptions {
  /** `nats://host:port` of one server or several of a cluster. */
  readonly servers: string | readonly string[];
  /** First token of every subject, so that several clusters share a server; `perdure` by default. */
  readonly prefix?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** A credentials file of an account's user (JWT and seed). */
  readonly credentials?: string;
  readonly tls?: NatsTls | true;
  /** What the server shows of this connection. */
  readonly name?: string;
  /** Largest frame, in bytes; the server's own limit less a reserve holds beside it. 8 MiB by default. */
  readonly maxFrameBytes?: number;
}
