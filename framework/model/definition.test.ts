import 'reflect-metadata';
import { IsInt, IsString } from 'class-validator';
import { Entity, Every, Query, Reminder, Signal, Update, Validate } from './decorators';
import type { EntityClass } from './definition';
import { definitionOf, definitionsOf, unknownMethod } from './definition';
import { Dropped, Indexed, Was } from './field-decorators';

class Order {
  @IsInt() points!: number;
  @IsString() reward!: string;
}

class Base {
  opened = 0;
  @Signal() open(): void {
    this.opened++;
  }
  @Reminder({ interleave: true }) protected abandoned(): void {}
  @Validate('open') protected mayOpen(): void {}
}

@Dropped('legacy')
@Entity('account')
class Account extends Base {
  @Indexed('keyword') tier: 'basic' | 'gold' = 'basic';
  @Indexed('int') @Was('score') points = 0;
  @Indexed('time') closed: Date | null = null;

  override open(): void {
    this.opened += 2;
  }

  @Update({ creates: true }) async redeem(order: Order): Promise<number> {
    return order.points;
  }

  @Query() balance(): number {
    return this.points;
  }

  @Every('1 day') tick(): void {}

  async run(): Promise<void> {}

  helper(): number {
    return 1;
  }
}

const refused = (ctor: unknown) => expect(() => definitionOf(ctor as EntityClass));

describe('a definition', () => {
  it('merges the handlers of a class and its bases; an override keeps its kind', () => {
    const { methods } = definitionOf(Account);
    expect([...methods.values()].map(({ name, kind }) => [name, kind])).toEqual([
      ['open', 'signal'],
      ['abandoned', 'reminder'],
      ['redeem', 'update'],
      ['balance', 'query'],
      ['tick', 'every'],
    ]);
    expect(methods.get('open')).toMatchObject({ interleave: false, creates: false, validator: 'mayOpen', everyMs: 0 });
    expect(methods.get('abandoned')).toMatchObject({ interleave: true, validator: null });
    expect(methods.get('redeem')).toMatchObject({ creates: true });
    expect(methods.get('balance')).toMatchObject({ interleave: true });
    expect(methods.get('tick')).toMatchObject({ everyMs: 86_400_000 });
  });

  it('lists the fields of a new instance, sorted, and what is declared about them (S28)', () => {
    const definition = definitionOf(Account);
    expect(definition).toMatchObject({
      type: 'account',
      ctor: Account,
      hasRun: true,
      creates: true,
      onCompleted: 'refuse',
    });
    expect(definition.fields).toEqual(['closed', 'opened', 'points', 'tier']);
    expect([...definition.indexed]).toEqual([
      ['tier', 'keyword'],
      ['points', 'int'],
      ['closed', 'time'],
    ]);
    expect([...definition.was]).toEqual([['score', 'points']]);
    expect([...definition.dropped]).toEqual(['legacy']);
  });

  it('holds the source of the class and its bases for the build id (S26a)', () => {
    const { source } = definitionOf(Account);
    expect(source).toContain('this.opened++');
    expect(source).toContain('this.opened += 2');
  });

  it('is made once', () => {
    expect(definitionOf(Account)).toBe(definitionOf(Account));
  });

  it('lets a private helper be an accessor, a static or a generator', () => {
    @Entity('helpers')
    class Helpers {
      static count = 0;
      @Signal() go(): void {}
      get total(): number {
        return 1;
      }
      protected *steps(): Generator<number> {
        yield 1;
      }
    }
    expect(definitionOf(Helpers).fields).toEqual([]);
  });

  it('lets a derived class call its base with arguments', () => {
    class Sized {
      size: number;
      constructor(size: number) {
        this.size = size;
      }
    }
    @Entity('sized')
    class Three extends Sized {
      constructor() {
        super(3);
      }
      @Signal() go(): void {}
    }
    expect(definitionOf(Three).fields).toEqual(['size']);
  });
});

describe('two copies of the package', () => {
  it("read each other's classes through one global registry", () => {
    jest.isolateModules(() => {
      const copy = jest.requireActual<typeof import('./definition')>('./definition');
      expect(copy.definitionOf).not.toBe(definitionOf);
      expect([...copy.definitionOf(Account).methods.keys()]).toEqual([...definitionOf(Account).methods.keys()]);
      expect(
        copy
          .definitionOf(Account)
          .methods.get('redeem')!
          .args.build([{ points: 1, reward: 'x' }], 'a')[0],
      ).toBeInstanceOf(Order);
    });
  });
});

describe('registration of classes', () => {
  it('refuses what is no entity class', () => {
    class Plain {}
    refused(Plain).toThrow("class Plain is not an entity: decorate the class with @Entity('type')");
    refused(undefined).toThrow('is not an entity');
    class Derived extends Account {}
    refused(Derived).toThrow('class Derived is not an entity');
  });

  it('refuses two entities in one chain', () => {
    @Entity('derived')
    class Derived extends Account {}
    refused(Derived).toThrow('class Derived extends Account, which is an entity too: keep one @Entity in a chain');
  });

  it('refuses another class of a type, and takes the same class twice', () => {
    @Entity('account')
    class Other {
      @Signal() go(): void {}
    }
    expect([...definitionsOf([Account, Account]).keys()]).toEqual(['account']);
    expect(() => definitionsOf([Account, Other])).toThrow(
      "class Other has the type 'account' of class Account: give each entity class a type of its own",
    );
  });

  it('refuses a class that nothing can bring to exist', () => {
    @Entity('silent')
    class Silent {
      @Query() size(): number {
        return 0;
      }
    }
    refused(Silent).toThrow('class Silent has no @Signal and no @Update, so no instance could ever exist: add one');
  });

  it('refuses constructors with parameters, inherited ones too', () => {
    class Named {
      constructor(readonly name: string) {}
      @Signal() go(): void {}
    }
    class Inherits extends Named {}
    Entity('named')(Named as unknown as EntityClass);
    refused(Named).toThrow('class Named has a constructor with parameters: an entity is constructed without arguments');
    class Free extends Named {}
    Entity('free')(Free as unknown as EntityClass);
    refused(Free).toThrow('extends Named, which is an entity too');
    expect(Inherits).toBeDefined();
    class Undecorated {
      constructor(readonly name: string) {}
      @Signal() go(): void {}
    }
    class Leaf extends Undecorated {}
    Entity('leaf')(Leaf as unknown as EntityClass);
    refused(Leaf).toThrow('class Leaf has a constructor with parameters');
  });

  it('refuses #private members, in a base class too (S28)', () => {
    class Secret {
      #pin = 1;
      @Signal() go(): void {
        this.#pin = this.#pin + 1;
      }
    }
    @Entity('secret')
    class Derived extends Secret {}
    refused(Derived).toThrow(
      "class Secret has the private member #pin: durable state must be visible, so use TypeScript's private",
    );
  });
});

describe('an unknown method', () => {
  const answer = (name: string) => unknownMethod(definitionOf(Account), 'account/C-42', name);

  it('is answered with the handlers there are', () => {
    expect(answer('redem')).toMatchObject({
      code: 'invalid_argument',
      message: 'account/C-42 has no method "redem": it has open, redeem, balance',
    });
    expect(answer('constructor').message).toContain('has no method');
  });

  it('names the cure when it is a method without decorator', () => {
    expect(answer('helper').message).toBe(
      'account/C-42 method helper of class Account is no handler: decorate it with @Signal(), @Update() or @Query(), or mark it protected',
    );
  });

  it('says that a reminder is out of reach', () => {
    expect(answer('abandoned').message).toContain('method abandoned is a reminder, which callers cannot reach');
  });
});
