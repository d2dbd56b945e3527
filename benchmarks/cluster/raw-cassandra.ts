/**
 * Raw Cassandra: the bare driver, inserting one row per update into a table like that of histories, with the same
 * consistency, prepared, routed by token, as many in flight as there are callers.
 */

import { Client, policies, types } from 'cassandra-driver';
import type { CassandraOptions } from 'perdure/host';
import { measure, sequence } from '../measure';
import type { Rate } from '../measure';

const TABLE = `CREATE TABLE IF NOT EXISTS raw_history (namespace text, type text, id text, bucket int, seq bigint, epoch int,
  record blob, PRIMARY KEY ((namespace, type, id, bucket), seq, epoch))
  WITH read_repair = 'BLOCKING' AND compaction = {'class': 'UnifiedCompactionStrategy'}`;
const INSERT = 'INSERT INTO raw_history (namespace, type, id, bucket, seq, epoch, record) VALUES (?, ?, ?, 0, ?, 1, ?)';

export class RawCassandra {
  private readonly random = sequence(23);
  private readonly seqs: Uint32Array;

  private constructor(
    private readonly client: Client,
    private readonly keys: number,
  ) {
    this.seqs = new Uint32Array(keys);
  }

  /** In a keyspace that exists. */
  static async open(
    { contactPoints, port, localDataCenter, keyspace }: CassandraOptions,
    keys: number,
  ): Promise<RawCassandra> {
    const client = new Client({
      contactPoints: [...contactPoints],
      localDataCenter,
      keyspace,
      protocolOptions: { port: port ?? 9_042 },
      policies: {
        loadBalancing: new policies.loadBalancing.TokenAwarePolicy(
          new policies.loadBalancing.DCAwareRoundRobinPolicy(localDataCenter),
        ),
      },
    });
    await client.connect();
    await client.execute(TABLE);
    return new RawCassandra(client, keys);
  }

  rate(callers: number, calls: number, bytes: number): Promise<Rate> {
    const record = Buffer.alloc(bytes, 7);
    return measure({ callers, calls, call: () => this.insert(record), count: null });
  }

  close(): Promise<void> {
    return this.client.shutdown();
  }

  private insert(record: Buffer): Promise<unknown> {
    const no = this.random(this.keys);
    const seq = (this.seqs[no] = (this.seqs[no] ?? 0) + 1);
    const values = ['default', 'bench', `C-${no}`, seq, record];
    return this.client.execute(INSERT, values, { prepare: true, consistency: types.consistencies.localQuorum });
  }
}
