/**
 * Accounts: an operator, an account and credentials files of its users, as JWTs that a NATS server checks.
 */

import { createPrivateKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { nkeys } from 'nats';

interface Identity {
  readonly name: string;
  readonly seed: string;
  readonly key: KeyObject;
}

export interface Accounts {
  /** Configuration of a server that trusts them. */
  readonly lines: readonly string[];
  /** A credentials file of a user of the account. */
  credentials(): string;
}

const UNLIMITED = { subs: -1, data: -1, payload: -1 };

export function makeAccounts(): Accounts {
  const operator = identity(nkeys.createOperator());
  const account = identity(nkeys.createAccount());
  const limits = { ...UNLIMITED, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const operatorJwt = signed(operator, operator, { type: 'operator' });
  const accountJwt = signed(operator, account, { type: 'account', limits });
  return {
    lines: [`operator: ${operatorJwt}`, 'resolver: MEMORY', `resolver_preload { ${account.name}: ${accountJwt} }`],
    credentials: () => {
      const user = identity(nkeys.createUser());
      const jwt = signed(account, user, { type: 'user', pub: {}, sub: {}, ...UNLIMITED });
      return [section('NATS USER JWT', jwt), section('USER NKEY SEED', user.seed)].join('\n');
    },
  };
}

/** Node's own signatures: those of the nkeys package are slow inside of Jest. */
function identity(pair: ReturnType<typeof nkeys.createUser>): Identity {
  const raw = (pair as unknown as { getRawSeed(): Uint8Array }).getRawSeed();
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, raw]), format: 'der', type: 'pkcs8' });
  return { name: pair.getPublicKey(), seed: Buffer.from(pair.getSeed()).toString(), key };
}

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

function section(title: string, body: string): string {
  return `-----BEGIN ${title}-----\n${body}\n------END ${title}------\n`;
}

function signed(by: Identity, { name }: Identity, nats: object): string {
  const iat = Math.floor(Date.now() / 1_000);
  const claims = { jti: name, iat, iss: by.name, sub: name, name, nats: { ...nats, version: 2 } };
  const head = [{ typ: 'JWT', alg: 'ed25519-nkey' }, claims].map((part) => base64(JSON.stringify(part))).join('.');
  return `${head}.${base64(sign(null, Buffer.from(head), by.key))}`;
}

function base64(data: string | Buffer): string {
  return Buffer.from(data as string).toString('base64url');
}
