import { errors, types } from 'cassandra-driver';
import type { QueryOptions } from 'cassandra-driver';
import { Connection } from './connection';

const { responseErrorCodes } = types;
const QUERY = { cql: 'INSERT …', values: [1] };

function failing(error: Error): Connection {
  const connection = new Connection({ contactPoints: ['127.0.0.1'], localDataCenter: 'dc', keyspace: 'k' });
  connection.client.execute = () => Promise.reject(error);
  connection.client.batch = () => Promise.reject(error);
  return connection;
}

const answered = (code: number): Error => new errors.ResponseError(code, 'no');

describe('what a failed write means (C5, C12a)', () => {
  it.each([
    ['a coordinator that sees no quorum', answered(responseErrorCodes.unavailableException)],
    ['a statement that is none', answered(responseErrorCodes.invalid)],
  ])('is a refusal from %s', async (_from, error) => {
    expect(await failing(error).write([QUERY])).toBe('refused');
    expect(await failing(error).write([QUERY, QUERY])).toBe('refused');
  });

  it.each([
    ['no answer in time', new errors.OperationTimedOutError('late', '127.0.0.1')],
    ['replicas that did not answer in time', answered(responseErrorCodes.writeTimeout)],
    ['replicas that failed', answered(responseErrorCodes.writeFailure)],
    ['a node that has too much to do', answered(responseErrorCodes.overloaded)],
    ['no node that can be asked', new errors.NoHostAvailableError({}, 'none')],
    ['a socket that was closed', new Error('Socket was closed')],
  ])('is unknown after %s', async (_after, error) => {
    expect(await failing(error).write([QUERY])).toBe('unknown');
    expect(await failing(error).swap(QUERY)).toBe('unknown');
  });

  it('is unknown where a coordinator saw no quorum for one of several partitions: it has written to those before (C12)', async () => {
    const unavailable = failing(answered(responseErrorCodes.unavailableException));
    expect(await unavailable.write([QUERY, QUERY], { partitions: 2 })).toBe('unknown');
    const invalid = failing(answered(responseErrorCodes.invalid));
    expect(await invalid.write([QUERY, QUERY], { partitions: 2 })).toBe('refused');
  });

  it('is unknown for any failure of a conditional write', async () => {
    expect(await failing(answered(responseErrorCodes.unavailableException)).swap(QUERY)).toBe('unknown');
  });

  it('is thrown when a value does not fit its column: no repetition would mend it', async () => {
    await expect(failing(new TypeError('not a number')).write([QUERY])).rejects.toThrow('not a number');
  });

  it('is never repeated by the driver: the write is not idempotent to it, a read is', async () => {
    const connection = failing(new Error('gone'));
    const asked: unknown[] = [];
    connection.client.execute = ((_cql: string, _values: unknown, options: QueryOptions) => {
      asked.push(options.isIdempotent);
      return Promise.reject(new Error('gone'));
    }) as typeof connection.client.execute;
    await connection.write([QUERY]);
    await connection.read(QUERY, 'a row').catch(() => null);
    expect(asked).toEqual([false, true]);
  });

  it('says of a read what could not be read', async () => {
    await expect(failing(new Error('gone')).read(QUERY, 'session s-1')).rejects.toMatchObject({
      code: 'unavailable',
      reason: 'store_read',
      message: 'session s-1 cannot be read: gone; read again later',
    });
  });
});

describe('requests beyond the bound', () => {
  it('wait in order until another has ended; membership does not wait (C3)', async () => {
    const connection = new Connection({ contactPoints: ['h'], localDataCenter: 'dc', keyspace: 'k', inFlight: 1 });
    const sent: string[] = [];
    const open: (() => void)[] = [];
    connection.client.execute = (cql: string) => {
      sent.push(cql);
      return new Promise((resolve) => open.push(() => resolve({ rows: [] } as unknown as types.ResultSet)));
    };
    const query = (cql: string) => [{ cql, values: [] }];
    const all = [connection.write(query('1')), connection.write(query('2')), connection.write(query('3'))];
    void connection.write(query('beat'), { atOnce: true });
    expect(sent).toEqual(['1', 'beat']);
    open.shift()?.();
    await all[0];
    await Promise.resolve();
    expect(sent).toEqual(['1', 'beat', '2']);
    open.at(-1)?.();
    await all[1];
    await Promise.resolve();
    expect(sent).toEqual(['1', 'beat', '2', '3']);
  });
});
