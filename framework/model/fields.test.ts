import 'reflect-metadata';
import { valueTypeOf } from '../codec/value-types';
import { runningStep } from '../core/running';
import { Entity, Signal } from './decorators';
import type { EntityClass } from './definition';
import { definitionOf } from './definition';
import { Dropped, Indexed, Value, Was } from './field-decorators';

const refused = (ctor: unknown) => expect(() => definitionOf(ctor as EntityClass));

describe('registration of fields', () => {
  class Target {
    @Signal() go(): void {}
  }

  it('refuses useDefineForClassFields: false, found by a setter of a derived class', () => {
    @Entity('assigned')
    class Assigned extends Target {
      declare points: number;
      constructor() {
        super();
        this.points = 0;
      }
    }
    refused(Assigned).toThrow(
      'Assigned.points is assigned, not defined, by the constructor, as with useDefineForClassFields: false: set it to true',
    );
  });

  it('refuses an initialiser value that cannot be stored, with its path', () => {
    @Entity('open')
    class Open extends Target {
      sockets = { first: [() => 1] };
    }
    refused(Open).toThrow(/^class Open has a field that cannot be stored: .*sockets\.first\[0\]/);
  });

  it('refuses an initialiser that throws, with its cause', () => {
    @Entity('throwing')
    class Throwing extends Target {
      size = JSON.parse('{') as number;
    }
    refused(Throwing).toThrow('class Throwing threw when constructed without arguments (SyntaxError');
  });

  it('lets initialisers read the time and draw at random, and refuses effects in them (S21)', () => {
    @Entity('timed')
    class Timed extends Target {
      opened = runningStep()!.now();
      ticket = runningStep()!.random();
    }
    @Entity('acting')
    class Acting extends Target {
      @Indexed('int') sent = act();
    }
    const act = (): number => {
      throw runningStep()!.fault('fetch was called', 'move it into an activity');
    };
    expect(definitionOf(Timed).fields).toEqual(['opened', 'ticket']);
    refused(Acting).toThrow(
      'class Acting threw when constructed without arguments (DeterminismFault: fetch was called: move it into an activity): initialisers may compute values only',
    );
  });

  it('refuses fields that hide a method, are symbols, accessors or the prototype', () => {
    const withField = (key: PropertyKey, descriptor: PropertyDescriptor = { value: 1, enumerable: true }) => {
      @Entity('field')
      class Field extends Target {
        constructor() {
          super();
          Object.defineProperty(this, key, descriptor);
        }
      }
      return Field;
    };
    refused(withField('go')).toThrow('Field.go is a field that hides a method of that name: rename the field');
    refused(withField('run')).toThrow('Field.run is a field that hides a method');
    refused(withField(Symbol('x'))).toThrow('Field.Symbol(x) is a field named by a symbol');
    refused(withField('__proto__')).toThrow('Field.__proto__ is a field that would replace the prototype: rename it');
    refused(withField('x', { get: () => 1 })).toThrow('Field.x is an accessor of its own: use a plain field');
  });

  it('refuses an index on a missing field or on one of another type', () => {
    @Entity('missing')
    class Missing extends Target {
      @Indexed('int') declare points: number;
    }
    @Entity('unfit')
    class Unfit extends Target {
      @Indexed('int') points = 0.5;
    }
    @Entity('fit')
    class Fit extends Target {
      @Indexed('double') a = 0.5;
      @Indexed('bool') b = true;
      @Indexed('time') c = new Date(0);
      @Indexed('keyword') d?: string;
    }
    refused(Missing).toThrow("@Indexed('int') Missing.points stands on no field of a new instance");
    refused(Unfit).toThrow("@Indexed('int') Unfit.points does not fit its field, which begins as a Number");
    expect(definitionOf(Fit).indexed.size).toBe(4);
  });

  it('refuses @Was and @Dropped that name a present field, each other, or stand on none (S28)', () => {
    @Entity('a')
    class Kept extends Target {
      old = 0;
      @Was('old') fresh = 0;
    }
    @Dropped('old')
    @Entity('b')
    class DroppedPresent extends Target {
      old = 0;
    }
    @Dropped('old')
    @Entity('c')
    class Both extends Target {
      @Was('old') fresh = 0;
    }
    @Entity('d')
    class Nowhere extends Target {
      @Was('old') declare fresh: number;
    }
    class First extends Target {
      @Was('old') first = 0;
    }
    @Entity('e')
    class Claimed extends First {
      @Was('old') second = 0;
    }
    refused(Kept).toThrow("@Was('old') Kept.fresh names a field that the class still has: remove old or the decorator");
    refused(DroppedPresent).toThrow(
      "@Dropped('old') DroppedPresent names a field that the class still has: remove one",
    );
    refused(Both).toThrow("@Was('old') Both.fresh names a field that @Dropped names too: keep one");
    refused(Nowhere).toThrow("@Was('old') Nowhere.fresh stands on no field of a new instance");
    refused(Claimed).toThrow("@Was('old') Claimed.second is claimed by first already: keep one");
  });

  it('registers @Value classes with their renamed and dropped fields, in either order of decorators (S28)', () => {
    @Value('model-test-money')
    @Dropped('rate')
    class Money {
      @Was('amount') cents = 0;
    }
    @Dropped('rate')
    @Value('model-test-price')
    class Price {
      cents = 0;
    }
    expect(valueTypeOf(Money)).toMatchObject({ name: 'model-test-money' });
    expect([...valueTypeOf(Money)!.was]).toEqual([['amount', 'cents']]);
    expect([...valueTypeOf(Money)!.dropped]).toEqual(['rate']);
    expect([...valueTypeOf(Price)!.dropped]).toEqual(['rate']);
  });
});
