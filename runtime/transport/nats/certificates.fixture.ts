/**
 * Certificates: made with openssl for one test, in a directory of its own.
 */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Paths of a certificate and its key, in PEM. */
export interface Pair {
  readonly certFile: string;
  readonly keyFile: string;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];

export function authority(directory: string, name: string): Pair {
  const made = pair(directory, name);
  const more = ['-addext', 'basicConstraints=critical,CA:TRUE'];
  openssl(['req', '-x509', ...KEY, '-subj', `/CN=${name}`, '-keyout', made.keyFile, '-out', made.certFile, ...more]);
  return made;
}

/** Signed by `by`, for the given names, as in `IP:127.0.0.1`. */
export function certificate(directory: string, name: string, by: Pair, names: string): Pair {
  const made = pair(directory, name);
  const signer = ['-CA', by.certFile, '-CAkey', by.keyFile];
  const more = ['-addext', `subjectAltName=${names}`];
  openssl([
    'req',
    '-x509',
    ...KEY,
    ...signer,
    '-subj',
    `/CN=${name}`,
    '-keyout',
    made.keyFile,
    '-out',
    made.certFile,
    ...more,
  ]);
  return made;
}

function pair(directory: string, name: string): Pair {
  return { certFile: join(directory, `${name}.pem`), keyFile: join(directory, `${name}.key`) };
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', [...args], { stdio: 'pipe' });
}
