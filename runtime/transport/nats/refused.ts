/**
 * Refused: why there is no connection to NATS, in words that name the option.
 *
 * Owns: sorting what the client and TLS say. Does not own: connecting (`connect`).
 */

import { PerdureError } from '../../../framework/errors';
import { greetingOf } from './greeting';
import type { NatsOptions } from './options';
import { addressesOf } from './options';

interface Failure extends Error {
  readonly code?: string;
}

/** Codes by which TLS says that nobody it trusts has signed the server's certificate. */
const UNTRUSTED = /^(UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|CERT_UNTRUSTED|CERT_SIGNATURE|INVALID_CA)/;
const OF_TLS = /^(CERT_|ERR_SSL|ERR_TLS|ERR_OSSL)/;

/** `unauthenticated`, `invalid_argument` or `unavailable`, always with the reason `transport`. */
export async function refused(options: NatsOptions, error: unknown): Promise<PerdureError> {
  const cause = error as Failure;
  const { name, message, code = '' } = cause;
  const where = `NATS at ${[options.servers].flat().join(', ')}`;
  const more = { reason: 'transport', cause };
  if (name === 'AuthorizationError' || name === 'UserAuthenticationExpiredError')
    return new PerdureError('unauthenticated', `${where} ${unknownUser(options)}`, more);
  if (/support 'tls'/.test(message))
    return new PerdureError('invalid_argument', `${where} speaks no TLS: leave tls out, or turn it on there`, more);
  if (UNTRUSTED.test(code)) {
    const fact = `${where} shows a certificate that is not trusted (${message})`;
    return new PerdureError('unauthenticated', `${fact}: give who signed it as tls.caFile`, more);
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const remedy = 'name it so in servers, or give the name in its certificate as tls.serverName';
    return new PerdureError('unauthenticated', `${where} shows another's certificate (${message}): ${remedy}`, more);
  }
  // A refused client certificate is never told of: the connection just ends.
  if (!/refused/.test(message) && (await asksForCertificate(options)))
    return new PerdureError('unauthenticated', `${where} ${noCertificate(options)}`, more);
  if (OF_TLS.test(code)) return new PerdureError('unauthenticated', `${where} and TLS: ${message}; check tls`, more);
  const remedy = 'check servers, and that one is up';
  return new PerdureError('unavailable', `${where} cannot be reached: ${message}; ${remedy}`, more);
}

function unknownUser({ user, token, credentials }: NatsOptions): string {
  if (user !== undefined) return `refuses the user '${user}': check user and password`;
  if (token !== undefined) return 'refuses the token: check token';
  if (credentials !== undefined) return `refuses the credentials file '${credentials}': check credentials`;
  return 'asks who connects: give user and password, token or credentials';
}

function noCertificate({ tls }: NatsOptions): string {
  if (typeof tls === 'object' && tls.certFile !== undefined)
    return `does not take the certificate in tls.certFile '${tls.certFile}': give one that it trusts`;
  return 'asks for a client certificate: give tls.certFile and tls.keyFile';
}

async function asksForCertificate(options: NatsOptions): Promise<boolean> {
  const greetings = await Promise.all(addressesOf(options).map(greetingOf));
  return greetings.some((greeting) => greeting?.tls_verify === true);
}
