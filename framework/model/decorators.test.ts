import 'reflect-metadata';
import { Entity, Every, Query, Reminder, Signal, Update, Validate } from './decorators';
import { Dropped, Indexed, Nested, Value, Was } from './field-decorators';

type Loose = (...args: unknown[]) => void;
const loose = (decorator: unknown): Loose => decorator as Loose;

/** Never called: the compiler alone reads it (tsconfig.tests.json). */
export function compileTimeHelp() {
  class Order {
    points = 0;
  }

  // @ts-expect-error a constructor with arguments
  @Entity('a')
  class WithArguments {
    constructor(readonly id: string) {}
  }

  // @ts-expect-error an abstract class
  @Entity('b')
  abstract class Abstract {}

  @Entity('c')
  class Sound {
    @Indexed('keyword') tier: 'basic' | 'gold' = 'basic';
    @Indexed('int') points: number | null = null;
    @Indexed('time') protected since = new Date();

    // @ts-expect-error a keyword is a string
    @Indexed('keyword') count = 0;

    // @ts-expect-error no such kind
    @Indexed('text') name = '';

    @Update() redeem(order: Order): number {
      return order.points;
    }

    @Validate('redeem') protected mayRedeem(order: Order): void {
      void order;
    }

    @Validate('redeem') protected mayAlways(): void {}

    // @ts-expect-error names no method
    @Validate('redem') protected misnamed(): void {}

    // @ts-expect-error takes other arguments
    @Validate('redeem') protected mistyped(order: string): void {
      void order;
    }

    // @ts-expect-error may not return a promise
    @Validate('redeem') protected async waiting(): Promise<void> {}

    @Query() balance(): number {
      return 0;
    }

    @Query() anything(): unknown {
      return 0;
    }

    // @ts-expect-error may not return a promise
    @Query() async later(): Promise<number> {
      return 0;
    }

    // @ts-expect-error may not return a promise in any case
    @Query() perhaps(): number | Promise<number> {
      return 0;
    }

    // @ts-expect-error no unit of time
    @Every('1 dya') tick(): void {}

    // @ts-expect-error takes arguments
    @Every('1 day') tock(at: number): void {
      void at;
    }

    // @ts-expect-error a query creates nothing
    @Query({ creates: true }) found(): number {
      return 0;
    }

    @Signal({ args: [Order, [Order]], interleave: true, creates: true }) both(a: Order, b: Order[]): void {
      void [a, b];
    }

    @Reminder() protected async abandoned(): Promise<void> {}

    // @ts-expect-error a handler is a method
    @Signal() field = 0;
  }
  return [WithArguments, Abstract, Sound];
}

describe('a decorator', () => {
  it.each([
    ['@Entity', Entity('a')],
    ['@Signal', Signal()],
    ['@Update', Update()],
    ['@Query', Query()],
    ['@Reminder', Reminder()],
    ['@Every', Every('1 day')],
    ['@Validate', Validate('a')],
    ['@Indexed', Indexed('int')],
    ['@Was', Was('a')],
    ['@Dropped', Dropped('a')],
    ['@Value', Value('a')],
    ['@Nested', Nested(() => String)],
  ])('%s refuses a standard (TC39) call and names the compiler option', (word, decorator) => {
    const context = { kind: 'method', name: 'm' };
    expect(() => loose(decorator)(undefined, context)).toThrow(
      `${word} was called as a standard decorator: set experimentalDecorators and emitDecoratorMetadata`,
    );
  });

  it.each(['', 'a b', 'ä', 'x'.repeat(129), undefined])('@Entity refuses the type %p', (type) => {
    class Account {}
    expect(() => Entity(type as string)(Account)).toThrow('use 1 to 128 characters of A-Z a-z 0-9 . _ -');
  });

  it('@Entity refuses to be given twice', () => {
    class Account {}
    Entity('x'.repeat(128))(Account);
    expect(() => Entity('b')(Account)).toThrow('class Account is decorated @Entity twice: keep one');
  });

  it('refuses static methods, symbols, fields and accessors as handlers', () => {
    class Account {}
    const method = { value: () => 1 };
    expect(() => loose(Signal())(Account, 'm', method)).toThrow(
      '@Signal Account.m is static: make it an instance method',
    );
    expect(() => loose(Query())(Account.prototype, Symbol('m'), method)).toThrow(
      'Account.Symbol(m) is named by a symbol',
    );
    expect(() => loose(Update())(Account.prototype, 'm', undefined)).toThrow('@Update Account.m is no method');
    expect(() => loose(Validate('x'))(Account.prototype, 'm', { get: () => 1 })).toThrow('not a field or an accessor');
  });

  it('refuses a second kind and a second @Validate on one method', () => {
    class Account {
      pay(): void {}
    }
    const place = [Account.prototype, 'pay', { value: () => 1 }] as const;
    loose(Signal())(...place);
    expect(() => loose(Query())(...place)).toThrow('Account.pay is decorated as signal and query: keep one');
    loose(Validate('a'))(...place);
    expect(() => loose(Validate('b'))(...place)).toThrow('Account.pay has two @Validate decorators');
  });

  it('@Every refuses the interval 0', () => {
    expect(() => Every(0)).toThrow('@Every has the interval 0: give at least 1 ms');
  });

  it('refuses field decorators on static and symbol members, unknown kinds and a name claimed twice', () => {
    class Account {}
    expect(() => loose(Indexed('int'))(Account, 'a')).toThrow('@Indexed Account.a is no field of instances');
    expect(() => loose(Was('a'))(Account.prototype, Symbol('b'))).toThrow(
      '@Was Account.Symbol(b) is no field of instances',
    );
    expect(() => loose(Indexed('text' as 'int'))(Account.prototype, 'a')).toThrow(
      "@Indexed('text') Account.a has an unknown kind: use keyword, int, double, bool, time",
    );
    loose(Was('old'))(Account.prototype, 'a');
    expect(() => loose(Was('old'))(Account.prototype, 'b')).toThrow("@Was('old') Account.b is claimed by a already");
  });
});
