import { decodeValue, encodeValue } from './value';
import { registerValueType, valueSchema, valueTypeNamed, valueTypeOf } from './value-types';

class Money {
  cents = 0;
  currency = 'EUR';
  plus(other: Money): number {
    return this.cents + other.cents;
  }
}

class Span {
  constructor(
    readonly from: number,
    readonly to: number,
  ) {}
  get length(): number {
    return this.to - this.from;
  }
}

registerValueType('money', Money);
registerValueType('span', Span);

const trip = (value: unknown): unknown => decodeValue(encodeValue(value));

describe('classes marked @Value (S28)', () => {
  it('come back as instances with their methods', () => {
    const price = Object.assign(new Money(), { cents: 5 });
    const back = trip([price, price]) as [Money, Money];
    expect(back[0]).toBeInstanceOf(Money);
    expect(back[0].plus(back[1])).toBe(10);
    expect(back[0]).toBe(back[1]);
  });

  it('come back without a call of a constructor that takes arguments', () => {
    const back = trip(new Span(2, 9)) as Span;
    expect(back).toBeInstanceOf(Span);
    expect(back.length).toBe(7);
  });

  it('do not let a setter of the class see a stored value', () => {
    class Meter {
      constructor(readonly start: number) {}
      set tampered(_value: number) {
        throw new Error('it ran');
      }
    }
    registerValueType('meter', Meter);
    const meter = new Meter(1);
    Object.defineProperty(meter, 'tampered', { value: 2, enumerable: true });
    expect(Object.keys(trip(meter) as object)).toEqual(['start', 'tampered']);
  });

  it('give a new field the value of its initialiser', () => {
    registerValueType('box', class Box { a = 1; }); // prettier-ignore
    const Old = valueTypeNamed('box')!.ctor as new () => object;
    const bytes = encodeValue(new Old());
    registerValueType('box', class Box { a = 0; b = 'new'; }); // prettier-ignore
    expect(decodeValue(bytes)).toEqual({ a: 1, b: 'new' });
    expect(encodeValue(new Old())).toEqual(bytes);
  });

  it('refuse a stored field that the class lacks, with its path', () => {
    registerValueType('crate', class Crate { a = 1; old = 2; }); // prettier-ignore
    const Old = valueTypeNamed('crate')!.ctor as new () => object;
    const bytes = encodeValue({ crates: [new Old()] });
    class Crate {
      a = 0;
    }
    registerValueType('crate', Crate);
    expect(() => decodeValue(bytes, 'field stock')).toThrow(
      expect.objectContaining({
        code: 'internal',
        reason: 'divergence',
        message: expect.stringMatching(
          /^field stock\.crates\[0\]\.old is stored, but class Crate.*@Was\('old'\)/,
        ) as string,
      }) as Error,
    );
    registerValueType('crate', Crate, { dropped: ['old'] });
    expect(decodeValue(bytes)).toEqual({ crates: [{ a: 1 }] });
    class Renamed {
      a = 0;
      fresh = 0;
    }
    registerValueType('crate', Renamed, { was: { old: 'fresh' } });
    expect(decodeValue(bytes)).toEqual({ crates: [{ a: 1, fresh: 2 }] });
  });

  it('refuse a name that no class has, with its path', () => {
    const bytes = encodeValue([new Span(1, 2)]);
    const at = Buffer.from(bytes).indexOf('span');
    bytes[at] = 'S'.charCodeAt(0);
    expect(() => decodeValue(bytes)).toThrow(
      expect.objectContaining({
        reason: 'divergence',
        message: expect.stringMatching(/^value\[0\] is a @Value\('Span'\), which no class of this build has/) as string,
      }) as Error,
    );
  });

  it('are found by class and by name, but not through a subclass', () => {
    class Bonus extends Money {}
    expect(valueTypeOf(Money)?.name).toBe('money');
    expect(valueTypeNamed('money')?.ctor).toBe(Money);
    expect(valueTypeOf(Bonus)).toBeUndefined();
    expect(() => encodeValue(new Bonus())).toThrow(/instance of Bonus/);
  });

  it('need a well-formed name', () => {
    expect(() => registerValueType('', Money)).toThrow(/class Money needs a name/);
    expect(() => registerValueType('\ud800', Money)).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }) as Error,
    );
  });
});

describe('the schema of @Value classes (S25)', () => {
  it('lists the sorted fields of those that take no arguments, and is made once', () => {
    const schema = valueSchema();
    expect(schema['money']).toEqual(['cents', 'currency']);
    expect(schema).not.toHaveProperty('span');
    expect(Object.keys(schema)).toEqual([...Object.keys(schema)].sort());
    expect(valueSchema()).toBe(schema);
    registerValueType('money', Money);
    expect(valueSchema()).not.toBe(schema);
  });

  it('names a class whose constructor fails', () => {
    class Broken {
      constructor() {
        throw new Error('no');
      }
    }
    registerValueType('broken', Broken);
    expect(() => valueSchema()).toThrow(/@Value\('broken'\): the constructor of class Broken threw/);
    registerValueType('broken', class Mended {});
    expect(valueSchema()['broken']).toEqual([]);
  });

  it('is shared by two copies of the package', () => {
    jest.isolateModules(() => {
      const copy = jest.requireActual<typeof import('./value-types')>('./value-types');
      expect(copy.valueTypeNamed('money')?.ctor).toBe(Money);
    });
  });
});
