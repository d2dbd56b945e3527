import { setTimeout as pause } from 'node:timers/promises';
import { startOtherNode, stopOtherNode } from '../../../services/for-tests';
import { isPerdureError } from '../../../framework/errors';
import type { Log } from '../../ports/telemetry';
import { silentLog } from '../../ports/telemetry';
import { cassandraFor } from './cassandra.fixture';
import type { CassandraOptions, UnsafeSetting } from './options';

/** Of a server that asks who is there, and what they may. */
const GUARDED = {
  authenticator: 'PasswordAuthenticator',
  authorizer: 'CassandraAuthorizer',
  role_manager: 'CassandraRoleManager',
  permissions_validity: '0ms',
};
/** As a server comes out of the box. */
const UNSAFE = {
  commitlog_sync: 'periodic',
  commitlog_sync_group_window: null,
  commitlog_sync_period: '10000ms',
  paxos_variant: null,
  paxos_state_purging: null,
  paxos_on_linearizability_violations: null,
};
/** A node is started. */
const SLOW_MS = 240_000;
const SETTINGS = [
  'commitlog_sync',
  'paxos_variant',
  'paxos_state_purging',
  'paxos_on_linearizability_violations',
] as const;

describe('a server of one node by itself', () => {
  const given = cassandraFor(async () => [await startOtherNode(GUARDED)]);
  const ADMIN = { username: 'cassandra', password: 'cassandra' };
  const problems: string[] = [];
  const log: Log = { ...silentLog, error: (_, message) => void problems.push(message) };
  let options: CassandraOptions;

  /** Code and message of the refusal, or that it was none. */
  const refusal = (changes: Partial<CassandraOptions>): Promise<string> =>
    given.open({ ...options, ...changes }).then(
      () => 'opened',
      (error: unknown) => (isPerdureError(error) ? `${error.code}: ${error.message}` : String(error)),
    );

  beforeAll(async () => {
    options = await given.fresh({ ...ADMIN });
    while ((await refusal({})) !== 'opened') await pause(200);
  }, SLOW_MS);
  afterAll(stopOtherNode, SLOW_MS);

  it.each([
    ['a wrong password', { password: 'guess' }, "refuses a connection as 'cassandra': check username and password"],
    ['an unknown user', { username: 'nobody' }, "refuses a connection as 'nobody': check username and password"],
  ])('refuses %s, and says so', async (_what, changes, fact) => {
    expect(await refusal(changes)).toMatch(/^unauthenticated: Cassandra at 127.0.0.1, port \d+ /);
    expect(await refusal(changes)).toContain(fact);
  });

  it('refuses a host without a user name, and says so', async () => {
    const { username: _, password: __, ...bare } = options;
    await expect(given.open(bare)).rejects.toMatchObject({
      code: 'unauthenticated',
      message: expect.stringContaining('without a user name: check username and password') as string,
    });
  });

  it('refuses a user that lacks a right, and names what to grant', async () => {
    await given.admin(`CREATE ROLE guest WITH PASSWORD = 'g' AND LOGIN = true`, ADMIN);
    const guest = { username: 'guest', password: 'g', migrate: false };
    const remedy = 'GRANT SELECT ON KEYSPACE system_views TO guest';
    expect(await refusal(guest)).toMatch(
      new RegExp(`^permission_denied: .*<table ${options.keyspace}.meta>.*${remedy}`),
    );
    await given.admin(`GRANT SELECT ON KEYSPACE ${options.keyspace} TO guest`, ADMIN);
    expect(await refusal(guest)).toMatch(new RegExp(`^permission_denied: .*<table system_views.settings>.*${remedy}`));
    await given.admin(`GRANT SELECT ON KEYSPACE system_views TO guest`, ADMIN);
    expect(await refusal(guest)).toBe('opened');
  });

  it(
    'that comes up again with other settings is looked at again (C11)',
    async () => {
      const store = await given.open(options, log);
      expect(store.unsafe).toEqual(['replication']);
      await startOtherNode({ ...GUARDED, ...UNSAFE });
      while (store.unsafe.length < 5) await pause(100);
      expect(store.unsafe).toEqual(['replication', ...SETTINGS].sort());
      expect(new Set(problems).size).toBe(SETTINGS.length);
      expect(problems).toContain(
        `the node 127.0.0.1:${options.port} has commitlog_sync: periodic, so that a power cut loses ` +
          `acknowledged work: set commitlog_sync: group or commitlog_sync: batch in its cassandra.yaml`,
      );
      // A server that has just come up is slow: an outcome may be unknown.
      while ((await store.setBorn('s')) !== 'ok') await pause(100);
    },
    SLOW_MS,
  );

  it.each(SETTINGS)('is refused for an unsafe %s, unless that is named (C11)', async (setting) => {
    const named: readonly UnsafeSetting[] = ['replication', ...SETTINGS.slice(0, SETTINGS.indexOf(setting))];
    const refused = await refusal({ unsafe: named });
    expect(refused).toContain(`invalid_argument: the node 127.0.0.1:${options.port} has ${setting}: `);
    expect(refused).toContain(`in its cassandra.yaml, or name it in unsafe: ['${setting}']`);
  });

  it('is taken with all its unsafe settings when they are named, and the store says so (C11)', async () => {
    const store = await given.open({ ...options, unsafe: ['replication', ...SETTINGS] }, log);
    expect(store.unsafe).toEqual(['replication', ...SETTINGS].sort());
  });
});
