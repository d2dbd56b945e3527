import 'reflect-metadata';
import { Entity, Update } from '../framework';
import { cassandra, memoryStore, silentLog, startHost } from '.';
import type { HostOptions } from '.';

@Entity('cart')
class Cart {
  items = 0;

  @Update() add(): number {
    this.items += 1;
    return this.items;
  }
}

/** Nobody serves there: what is wrong with the option is said before anything is opened. */
const nowhere = cassandra({ contactPoints: ['127.0.0.1'], port: 1, localDataCenter: 'dc', keyspace: 'k' });

describe('retention of histories (C8)', () => {
  it.each([
    [
      'a type that the host does not serve',
      nowhere,
      { basket: 1 },
      "names the type 'basket', but this host serves cart",
    ],
    ['a negative number', nowhere, { cart: -1 }, "retention of 'cart' is -1, but it is a whole number of buckets"],
    ['a number that is not whole', nowhere, { cart: 0.5 }, "retention of 'cart' is 0.5"],
    ['a store of one host', memoryStore(), { cart: 1 }, 'histories of a store of one host stay as they are'],
  ] as [string, HostOptions['store'], NonNullable<HostOptions['retention']>, string][])(
    'refuses %s, and says so before anything is opened',
    async (_what, store, retention, fact) => {
      await expect(
        startHost({ entities: [Cart], store, retention, build: 'b', log: silentLog, watchdog: 'off' }),
      ).rejects.toMatchObject({ code: 'invalid_argument', message: expect.stringContaining(fact) as string });
    },
  );
});
