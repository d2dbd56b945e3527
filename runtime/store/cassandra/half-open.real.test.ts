import { errors } from 'cassandra-driver';
import { setTimeout as pause } from 'node:timers/promises';
import { Proxy } from '../../../faults/proxy';
import { testServices } from '../../../services/for-tests';
import { STORE_UNANSWERED } from '../../config';
import { Connection } from './connection';

const QUERY = { cql: 'SELECT key FROM system.local', values: [] };
const LOOK_MS = 50;
/** Of the handshake too, which a busy machine must manage. */
const TIMEOUT_MS = 1_000;

describe('a connection to Cassandra that is half open', () => {
  it('is replaced after a few requests without an answer, and the driver keeps none of what it replaces (C12a)', async () => {
    const [node = { host: '', port: 0 }] = (await testServices()).cassandra;
    const proxy = await Proxy.listen({ host: node.host, port: 0 }, node);
    const at = { contactPoints: [node.host], port: proxy.port, localDataCenter: 'datacenter1' };
    const connection = new Connection({ ...at, keyspace: 'system', timeoutMs: TIMEOUT_MS });
    let unanswered = 0;
    const forgotten: { readonly pool: { isClosing(): boolean } }[] = [];
    connection.client.on('hostRemove', (node: (typeof forgotten)[number]) => forgotten.push(node));
    const execute = connection.client.execute.bind(connection.client);
    connection.client.execute = (async (...request: Parameters<typeof execute>) => {
      try {
        return await execute(...request);
      } catch (error) {
        if (error instanceof errors.OperationTimedOutError) unanswered += 1;
        throw error;
      }
    }) as typeof execute;
    try {
      await connection.open();
      expect(await connection.write([QUERY])).toBe('ok');
      proxy.halfOpen();
      while ((await connection.write([QUERY])) !== 'ok') await pause(LOOK_MS);
      expect(unanswered).toBe(STORE_UNANSWERED + 1);
      expect(forgotten.map(({ pool }) => pool.isClosing())).toEqual([true]);
    } finally {
      await connection.close();
      await proxy.close();
    }
  });
});
