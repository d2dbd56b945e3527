/**
 * Membership rows: sessions, heartbeats, builds, offers and leases (C1, C3, S29).
 *
 * Owns: their statements and timestamps. Leases and builds are touched by conditional writes and serial reads alone.
 */

import { PerdureError } from '../../../framework/errors';
import type { Beat, ClusterStore, Lease } from '../../ports/cluster-store';
import type { Connection, Query } from './connection';
import { FOR_EVER, statement, WRITTEN } from './statement';

type MembershipStore = Pick<
  ClusterStore,
  | 'shards'
  | 'setBorn'
  | 'setDead'
  | 'session'
  | 'writeBeat'
  | 'deleteBeat'
  | 'beats'
  | 'builds'
  | 'casBuild'
  | 'writeOffer'
  | 'offers'
  | 'lease'
  | 'casLease'
>;

/** Heartbeats and offers are one partition each: they are read together. */
const PART = 0;

const META = statement(`SELECT value FROM meta WHERE name = ?`);
const BORN = statement(`UPDATE host_session USING TIMESTAMP ${WRITTEN} SET born = true WHERE session = ?`);
const DEAD = statement(`UPDATE host_session USING TIMESTAMP ${WRITTEN} SET dead = true WHERE session = ?`);
const SESSION = statement(`SELECT born, dead FROM host_session WHERE session = ?`);
const BEAT = statement(`UPDATE heartbeat USING TIMESTAMP ? SET beat = ? WHERE part = ${PART} AND session = ?`);
const NO_BEAT = statement(`DELETE FROM heartbeat USING TIMESTAMP ${FOR_EVER} WHERE part = ${PART} AND session = ?`);
const BEATS = statement(`SELECT beat FROM heartbeat WHERE part = ${PART}`);
const BUILD = statement(`SELECT build FROM build WHERE ordinal = ?`);
const NEW_BUILD = statement(`INSERT INTO build (ordinal, build) VALUES (?, ?) IF NOT EXISTS`);
const OFFER = statement(`INSERT INTO offer (part, shard, ordinal) VALUES (${PART}, ?, ?) USING TIMESTAMP ${WRITTEN}`);
const OFFERS = statement(`SELECT shard, ordinal FROM offer WHERE part = ${PART}`);
const LEASE = statement(`SELECT owner, epoch, nonce FROM lease WHERE shard = ?`);
const FIRST_LEASE = statement(`INSERT INTO lease (shard, owner, epoch, nonce) VALUES (?, ?, ?, ?) IF NOT EXISTS`);
const NEXT_LEASE = statement(
  `UPDATE lease SET owner = ?, epoch = ?, nonce = ? WHERE shard = ? IF owner = ? AND epoch = ? AND nonce = ?`,
);

export function membershipRows(connection: Connection): MembershipStore {
  let shards: number | null = null;
  const write = (query: Query): ReturnType<Connection['write']> => connection.write([query], { atOnce: true });
  return {
    async shards() {
      if (shards !== null) return shards;
      const [row] = await connection.read(META('shards'), 'the number of shards', true);
      const found = Number(row?.['value']);
      if (!Number.isInteger(found) || found < 1) throw noShards(connection.options.keyspace, row?.['value']);
      return (shards = found);
    },
    setBorn: (session) => write(BORN(session)),
    setDead: (session) => write(DEAD(session)),
    async session(session) {
      const [row] = await connection.read(SESSION(session), `session ${session}`, true);
      return { born: row?.['born'] === true, dead: row?.['dead'] === true };
    },
    writeBeat: (beat) => write(BEAT(beat.beat, JSON.stringify(beat), beat.session)),
    deleteBeat: (session) => write(NO_BEAT(session)),
    async beats() {
      const rows = await connection.read(BEATS(), 'the heartbeats', true);
      return rows.map((row) => JSON.parse(String(row['beat'])) as Beat);
    },
    async builds() {
      const builds: string[] = [];
      for (;;) {
        const row = await connection.serial(BUILD(builds.length + 1), 'the builds');
        if (row === null) return builds;
        builds.push(String(row['build']));
      }
    },
    casBuild: (ordinal, build) => connection.swap(NEW_BUILD(ordinal, build)),
    writeOffer: ({ shard, ordinal }) => write(OFFER(shard, ordinal)),
    async offers() {
      const rows = await connection.read(OFFERS(), 'the offers', true);
      return rows.map((row) => ({ shard: Number(row['shard']), ordinal: Number(row['ordinal']) }));
    },
    async lease(shard) {
      const row = await connection.serial(LEASE(shard), `the lease of shard ${shard}`);
      if (row === null) return null;
      return { owner: String(row['owner']), epoch: Number(row['epoch']), nonce: String(row['nonce']) };
    },
    casLease: (shard, expected, next) => connection.swap(leaseQuery(shard, expected, next)),
  };
}

function noShards(keyspace: string, value: unknown): PerdureError {
  const fact = `keyspace '${keyspace}' says that it has ${String(value)} shards`;
  return new PerdureError('internal', `${fact}: its table meta is damaged; restore it from a backup`, {
    reason: 'corrupt',
  });
}

function leaseQuery(shard: number, expected: Lease | null, { owner, epoch, nonce }: Lease): Query {
  if (expected === null) return FIRST_LEASE(shard, owner, epoch, nonce);
  return NEXT_LEASE(owner, epoch, nonce, shard, expected.owner, expected.epoch, expected.nonce);
}
