/**
 * TLS: what the user's files mean for a connection to NATS.
 *
 * Owns: refusing files that cannot be what they are given as, whose name the server's certificate has to bear.
 * Does not own: the handshake, and what is said when it fails (`refused`).
 *
 * A server that is given by its address has no name that TLS could send, and its certificate would be compared with
 * `localhost`; it is compared with the addresses in `servers` instead.
 */

import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { checkServerIdentity } from 'node:tls';
import type { NodeConnectionOptions } from 'nats';
import { PerdureError } from '../../../framework/errors';
import type { NatsOptions, NatsTls } from './options';
import { addressesOf } from './options';

/** What the client is given. */
type ClientTls = NonNullable<NodeConnectionOptions['tls']> & ConnectionOptions;

/** Rejects with `invalid_argument` for a file that cannot be used. */
export async function tlsSettings(tls: NatsTls, options: NatsOptions): Promise<ClientTls> {
  const { serverName, ...files } = tls;
  await checkFiles(tls);
  const hosts = addressesOf(options).map(({ host }) => host);
  const addresses = hosts.filter((host) => isIP(host) !== 0);
  const byAddress = !hosts.includes('localhost') && addresses.length > 0 && serverName === undefined;
  return {
    ...files,
    ...(serverName === undefined ? {} : { servername: serverName }),
    checkServerIdentity: (name, certificate) => {
      const wanted = byAddress && name === 'localhost' ? addresses : [name];
      const errors = wanted.map((one) => checkServerIdentity(one, certificate));
      return errors.includes(undefined) ? undefined : errors[0];
    },
  };
}

async function checkFiles({ caFile, certFile, keyFile }: NatsTls): Promise<void> {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const [given, missing] = certFile === undefined ? ['keyFile', 'certFile'] : ['certFile', 'keyFile'];
    throw new PerdureError('invalid_argument', `tls.${given} is given without tls.${missing}: give both, or neither`);
  }
  if (caFile !== undefined) await usable('caFile', caFile, (bytes) => new X509Certificate(bytes));
  if (certFile === undefined || keyFile === undefined) return;
  const certificate = await usable('certFile', certFile, (bytes) => new X509Certificate(bytes));
  const key = await usable('keyFile', keyFile, (bytes) => createPrivateKey(bytes));
  if (certificate.checkPrivateKey(key)) return;
  const fact = `the key in tls.keyFile '${keyFile}' is not that of the certificate in tls.certFile '${certFile}'`;
  throw new PerdureError('invalid_argument', `${fact}: give a pair that belongs together`);
}

async function usable<T>(name: keyof NatsTls, file: string, parse: (bytes: Buffer) => T): Promise<T> {
  try {
    return parse(await readFile(file));
  } catch (cause) {
    const what = name === 'keyFile' ? 'a private key' : 'a certificate';
    const fact = `tls.${name} '${file}' cannot be used as ${what} in PEM: ${(cause as Error).message}`;
    throw new PerdureError('invalid_argument', fact, { reason: 'transport', cause });
  }
}
