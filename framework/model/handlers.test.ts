import 'reflect-metadata';
import { any } from './arg-type';
import { Entity, Every, Query, Signal, Update, Validate } from './decorators';
import type { EntityClass } from './definition';
import { definitionOf } from './definition';

class Base {
  opened = 0;
  @Signal() open(): void {
    this.opened++;
  }
  @Validate('open') protected mayOpen(): void {}
}

const refused = (ctor: unknown) => expect(() => definitionOf(ctor as EntityClass));

describe('registration of handlers', () => {
  it('refuses an override of another kind, and one behind an accessor', () => {
    @Entity('changed')
    class Changed extends Base {
      @Update() override open(): void {}
    }
    refused(Changed).toThrow(
      'Changed.open is declared update but overrides a handler declared signal: keep the kind, or give it another name',
    );
    @Entity('hidden')
    class Hidden extends Base {}
    Object.defineProperty(Hidden.prototype, 'open', { get: () => () => undefined });
    refused(Hidden).toThrow('Hidden.open hides a handler (signal) behind an accessor: override it by a method');
  });

  it('refuses an undecorated override that needs more arguments', () => {
    @Entity('longer')
    class Longer extends Base {}
    Object.defineProperty(Longer.prototype, 'open', { value: (a: number) => a, configurable: true });
    refused(Longer).toThrow('Longer.open takes 1 arguments but the method it overrides takes 0: decorate the override');
  });

  it.each(['then', 'toJSON', '__proto__'])('refuses a handler named %s', (name) => {
    @Entity('reserved')
    class Reserved {}
    const value = () => undefined;
    Object.defineProperty(Reserved.prototype, name, { value, configurable: true, enumerable: false });
    Signal()(Reserved.prototype, name, { value });
    refused(Reserved).toThrow(
      `Reserved.${name} has a name that proxies and JSON use for themselves: rename the method`,
    );
  });

  it('refuses a decorated run, a run with arguments, a run that is a generator or no method', () => {
    @Entity('a')
    class Decorated {
      @Signal() run(): void {}
    }
    @Entity('b')
    class Taking {
      @Signal() go(): void {}
      run(from: number): number {
        return from;
      }
    }
    @Entity('c')
    class Generating {
      @Signal() go(): void {}
      async *run(): AsyncGenerator<number> {
        yield 1;
      }
    }
    @Entity('d')
    class Reading {
      @Signal() go(): void {}
      get run(): number {
        return 1;
      }
    }
    refused(Decorated).toThrow(
      "Decorated.run is decorated as signal, but run() is the entity's life: rename the method",
    );
    refused(Taking).toThrow('Taking.run takes arguments, but is called without: read fields instead');
    refused(Generating).toThrow('Generating.run is a generator, which nothing would run to its end');
    refused(Reading).toThrow('Reading.run is no method');
  });

  it('refuses generators as handlers', () => {
    @Entity('generating')
    class Generating {
      @Signal() *go(): Generator<number> {
        yield 1;
      }
    }
    refused(Generating).toThrow('Generating.go is a generator');
  });

  it('refuses async queries and validators at run time too (S9)', () => {
    const asynchronous = { value: async () => 1, configurable: true };
    @Entity('a')
    class Asking {
      @Query() size(): number {
        return 1;
      }
    }
    Object.defineProperty(Asking.prototype, 'size', asynchronous);
    @Entity('b')
    class Checking {
      @Signal() go(): void {}
      @Validate('go') protected may(): void {}
    }
    Object.defineProperty(Checking.prototype, 'may', asynchronous);
    refused(Asking).toThrow('Asking.size is an async query: a query reads fields and answers at once');
    refused(Checking).toThrow("@Validate('go') Checking.may is not a plain synchronous method");
  });

  it('refuses @Every on a method with arguments', () => {
    @Entity('ticking')
    class Ticking {
      // @ts-expect-error takes arguments
      @Every('1 day') tick(at: number): void {
        void at;
      }
    }
    refused(Ticking).toThrow('Ticking.tick takes arguments, but @Every calls it without: read fields instead');
  });

  it('refuses a validator of an unknown method, of a query, a second one, and one that is a handler', () => {
    const guard = (target: string, name: string, ctor: new () => object) => {
      Validate(target)(ctor.prototype as Record<string, () => void>, name, { value: () => undefined });
    };
    class Target {
      @Signal() go(): void {}
      @Query() size(): number {
        return 1;
      }
      may(): void {}
      mayToo(): void {}
    }
    @Entity('a')
    class Unknown extends Target {}
    guard('gone', 'may', Unknown);
    refused(Unknown).toThrow(
      "@Validate('gone') Unknown.may names no handler: a validator guards a @Signal or an @Update",
    );
    @Entity('b')
    class OfQuery extends Target {}
    guard('size', 'may', OfQuery);
    refused(OfQuery).toThrow("@Validate('size') OfQuery.may names a query");
    @Entity('c')
    class Twice extends Target {}
    guard('go', 'may', Twice);
    guard('go', 'mayToo', Twice);
    refused(Twice).toThrow(
      "@Validate('go') Twice.mayToo is a second validator of go beside may: call one from the other",
    );
    @Entity('d')
    class Itself extends Target {}
    guard('go', 'size', Itself);
    refused(Itself).toThrow('is a handler itself');
    @Entity('e')
    class Missing extends Target {}
    guard('go', 'gone', Missing);
    refused(Missing).toThrow('is not a plain synchronous method');
  });
});

describe('types without metadata', () => {
  it.each([Object, Array, Function])('%p says nothing, so registration asks for args', (type) => {
    @Entity('typed')
    class Typed {
      go(trip: unknown): unknown {
        return trip;
      }
    }
    Reflect.defineMetadata('design:paramtypes', [type], Typed.prototype, 'go');
    Signal()(Typed.prototype, 'go', Object.getOwnPropertyDescriptor(Typed.prototype, 'go')!);
    refused(Typed).toThrow(
      `Typed.go: argument 1 is compiled to ${type.name}, which says nothing: say what it is with args`,
    );
  });

  it('a type that is not defined yet (a circular import) says nothing either', () => {
    @Entity('circular')
    class Circular {
      go(trip: unknown): unknown {
        return trip;
      }
    }
    Reflect.defineMetadata('design:paramtypes', [undefined], Circular.prototype, 'go');
    Signal()(Circular.prototype, 'go', Object.getOwnPropertyDescriptor(Circular.prototype, 'go')!);
    refused(Circular).toThrow('is compiled to Object, which says nothing');
  });

  it('refuses a class whose compiler emitted none', () => {
    @Entity('bare')
    class Bare {
      go(trip: unknown): unknown {
        return trip;
      }
    }
    Signal()(Bare.prototype, 'go', Object.getOwnPropertyDescriptor(Bare.prototype, 'go')!);
    refused(Bare).toThrow('Bare.go has arguments whose types the compiler did not emit: set emitDecoratorMetadata');
  });

  it('refuses args that name too few types, and rest parameters', () => {
    @Entity('few')
    class Few {
      @Signal({ args: [any()] }) go(a: unknown, b: unknown): unknown {
        return [a, b];
      }
    }
    @Entity('rest')
    class Rest {
      @Signal() go(...all: string[]): unknown {
        return all;
      }
    }
    refused(Few).toThrow('Few.go takes 2 arguments but args names 1: name one type for each');
    refused(Rest).toThrow('Rest.go takes rest parameters, whose number is unknown: take one array instead');
  });
});
