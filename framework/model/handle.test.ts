import 'reflect-metadata';
import { Entity, Query, Reminder, Signal, Update, Validate } from './decorators';
import type { ActivityGroup, EntityReference, Handle } from './handle';
import { contract, contractOf } from './handle';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(): T[] => [];

@Entity('account')
class Account {
  points = 0;
  @Signal() tripCompleted(): void {}
  @Validate('redeem') protected mayRedeem(): void {}
  @Update({ args: [Number] }) async redeem(points: number): Promise<number> {
    return points;
  }
  @Query() balance(): number {
    return this.points;
  }
  @Reminder() protected abandoned(): void {}
  async run(): Promise<void> {}
}

interface Mailer {
  send(to: string): Promise<number>;
  sync(): number;
  name: string;
}

/** Never called: the compiler alone reads it. */
export function compileTime(handle: Handle<Account>, mail: ActivityGroup<Mailer>) {
  holds<Equal<keyof Handle<Account>, 'tripCompleted' | 'redeem' | 'balance'>>();
  holds<Equal<ReturnType<typeof handle.balance>, Promise<number>>>();
  holds<Equal<ReturnType<typeof handle.redeem>, Promise<number>>>();
  holds<Equal<ReturnType<typeof handle.tripCompleted>, Promise<void>>>();
  holds<Equal<keyof ActivityGroup<Mailer>, 'send' | 'with'>>();
  holds<Equal<ReturnType<typeof mail.send>, Promise<number>>>();
  // @ts-expect-error fields are not on a handle (nor are run and protected methods, see above)
  void handle.points;
  // @ts-expect-error another type of argument
  void handle.redeem('5');
  // @ts-expect-error no unit of time
  mail.with({ startToClose: '1 dya' });
  // @ts-expect-error a method is missing
  contract<Account>('account', { tripCompleted: 'signal', redeem: 'update' });
  // @ts-expect-error an unknown method
  contract<Account>('account', { tripCompleted: 'signal', redeem: 'update', balance: 'query', run: 'update' });
  const entity = <T>(reference: EntityReference<T>): Handle<T> => reference as never;
  holds<Equal<ReturnType<typeof entity<Account>>, Handle<Account>>>();
  const byContract: Handle<Account> = entity(
    contract<Account>('account', { tripCompleted: 'signal', redeem: 'update', balance: 'query' }),
  );
  const byClass: Handle<Account> = entity(Account);
  void [byContract, byClass];
  return mail.with({ startToClose: '30s', retry: { initial: '1s', maximum: '10m' }, attempts: 1 }).send('x');
}

describe('contractOf', () => {
  const written = contract<Account>('account', { tripCompleted: 'signal', redeem: 'update', balance: 'query' });

  it('reads from a class what a contract says by hand: the type and the methods callers reach', () => {
    expect(contractOf(Account)).toEqual(written);
    expect(contractOf(Account)).toBe(contractOf(Account));
  });

  it('takes a contract as it is', () => {
    expect(contractOf(written)).toBe(written);
  });

  it('refuses what is neither, as a circular import leaves it', () => {
    expect(() => contractOf(undefined as unknown as typeof Account)).toThrow(
      'entity() was given neither an entity class nor a contract: is it undefined by a circular import?',
    );
  });
});
