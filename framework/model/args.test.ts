import 'reflect-metadata';
import { ArrayMaxSize, IsDate, IsInt, IsOptional, IsString, Min } from 'class-validator';
import { decodeValue, encodeValue } from '../codec/value';
import type { ArgType } from './arg-type';
import { any, oneOf, optional } from './arg-type';
import type { ArgsSchema } from './args';
import { Entity, Signal } from './decorators';
import { definitionOf } from './definition';
import { Nested, Value } from './field-decorators';

const TEN = 10;
let constructed = 0;

class Line {
  @IsString() sku!: string;
  @IsInt() @Min(1) quantity = 1;

  constructor() {
    constructed++;
  }

  label(): string {
    return `${this.quantity} × ${this.sku}`;
  }
}

class Order {
  @Nested(() => [Line]) lines!: Line[];
  @IsOptional() @Nested(() => Line) gift?: Line | null;
  @IsOptional() @IsDate() due?: Date;
  @IsOptional() note: string | null = 'none';
}

class Tree {
  @IsString() name!: string;
  @Nested(() => optional(Tree)) left?: Tree;
  @Nested(() => optional(Tree)) right?: Tree;
}

@Value('args-test-money')
class Money {
  cents = 0;
}

function schemaOf(...args: ArgType[]): ArgsSchema {
  @Entity('shop')
  class Shop {
    @Signal({ args }) go(): void {}
  }
  return definitionOf(Shop).methods.get('go')!.args;
}

const building = (schema: ArgsSchema, ...values: unknown[]) => expect(() => schema.build(values, 'shop.go'));
/** What the store and replay do to built arguments. */
const recorded = (values: unknown[]) => decodeValue(encodeValue(values, { classes: 'plain' })) as unknown[];

describe('building arguments', () => {
  it('builds DTOs and nested ones by new and assignment, so that initialisers fill what is left out (S10)', () => {
    const [order] = schemaOf(Order).build([{ lines: [{ sku: 'a' }, { sku: 'b', quantity: 2 }] }], 'shop.go') as [Order];
    expect(order).toBeInstanceOf(Order);
    expect(order.lines.map((line) => line.label())).toEqual(['1 × a', '2 × b']);
    expect(order.note).toBe('none');
    expect(order.gift).toBeUndefined();
  });

  it('finds the types of parameters in compiled metadata', () => {
    @Entity('shop')
    class Shop {
      @Signal() go(line: Line, name: string, count: number, yes: boolean, big: bigint, at: Date): void {
        void [line, name, count, yes, big, at];
      }
      @Signal() keep(map: Map<string, number>, set: Set<string>, bytes: Uint8Array, limit: number = TEN): void {
        void [map, set, bytes, limit];
      }
    }
    const { methods } = definitionOf(Shop);
    const values = [{ sku: 'a' }, 'n', 1, true, 1n, new Date(0)];
    expect(methods.get('go')!.args.build(values, 'shop.go').slice(1)).toEqual(values.slice(1));
    const kept = [new Map([['a', 1]]), new Set(['a']), new Uint8Array([1, 2])];
    expect(methods.get('keep')!.args.build(kept, 'shop.keep')).toEqual(kept);
    expect(methods.get('keep')!.args.build([...kept, 5], 'shop.keep')).toEqual([...kept, 5]);
    expect(() => methods.get('keep')!.args.build([...kept, '5'], 'shop.keep')).toThrow(
      'shop.keep: argument 4 must be a Number, not a String',
    );
  });

  it('passes Uint8Array, Map, Date and bigint in a DTO as they are', () => {
    class Bag {
      @IsOptional() map?: Map<string, number>;
      @IsOptional() bytes?: Uint8Array;
      @IsOptional() big?: bigint;
    }
    const bag = { map: new Map([['a', 1]]), bytes: new Uint8Array([1]), big: 7n };
    const [built] = schemaOf(Bag).build([bag], 'shop.go') as [Bag];
    expect(built).toEqual(bag);
    expect(built.map).toBe(bag.map);
  });

  it('refuses what does not validate, naming method, path and constraint', () => {
    const schema = schemaOf(Order);
    building(schema, { lines: [{ sku: 'a' }, { sku: 'b', quantity: 0 }] }).toThrow(
      'shop.go: argument 1.lines[1] does not validate: quantity must not be less than 1',
    );
    building(schema, { lines: [{ sku: 'a', quantity: 'x' }] }).toThrow(
      'lines[0] does not validate: quantity must not be less than 1; quantity must be an integer number',
    );
    building(schema, { lines: [], due: 'today' }).toThrow('argument 1 does not validate: due must be a Date instance');
  });

  it('lists at most five complaints', () => {
    class Many {
      @IsInt() a!: number;
      @IsInt() b!: number;
      @IsInt() c!: number;
      @IsInt() d!: number;
      @IsInt() e!: number;
      @IsInt() f!: number;
    }
    building(schemaOf(Many), {}).toThrow(
      /a must.*; b must.*; c must.*; d must.*; e must be an integer number \(and 1 more\)$/,
    );
  });

  it('refuses properties that the class does not declare, __proto__ among them', () => {
    building(schemaOf(Line), { sku: 'a', price: 1 }).toThrow(
      'shop.go: argument 1.price should not exist: Line declares no such property',
    );
    building(schemaOf(Line), JSON.parse('{"sku":"a","__proto__":{"quantity":5}}')).toThrow(
      'argument 1.__proto__ should not exist',
    );
    building(schemaOf(Line), { sku: 'a', label: 'x' }).toThrow('argument 1.label should not exist');
  });

  it('requires a nested DTO unless it is optional or has a value from the start', () => {
    building(schemaOf(Order), {}).toThrow('shop.go: argument 1.lines must be an array (of a Line), not undefined');
    building(schemaOf(Order), { lines: null }).toThrow('argument 1.lines must be an array (of a Line), not null');
    building(schemaOf(Order), { lines: { 0: {} } }).toThrow(
      'argument 1.lines must be an array (of a Line), not an object',
    );
    const [order] = schemaOf(Order).build([{ lines: [], gift: null, note: null }], 'shop.go') as [Order];
    expect(order).toMatchObject({ gift: null, note: null });
    class Basket {
      @Nested(() => [Line]) lines: Line[] = [];
    }
    expect(schemaOf(Basket).build([{}], 'shop.go')).toEqual([{ lines: [] }]);
  });

  it('refuses another type, saying what came but never its content', () => {
    building(schemaOf(String), 5).toThrow('shop.go: argument 1 must be a String, not a Number');
    building(schemaOf(String), { pin: 1234 }).toThrow(/must be a String, not an object$/);
    building(schemaOf(Line), 'secret').toThrow(/must be a Line, not a String$/);
    building(schemaOf(Line), new Money()).toThrow('must be a Line, not an object');
    building(schemaOf([Line]), [[]]).toThrow('argument 1[0] must be a Line, not an array');
  });

  it('refuses missing and surplus arguments; optional ones may be left out', () => {
    building(schemaOf(String, Number), 'a').toThrow(
      'argument 2 must be a Number, not undefined: the argument is missing',
    );
    building(schemaOf(String), 'a', 'b').toThrow('shop.go takes at most 1 arguments but got 2');
    const schema = schemaOf(String, optional(Line));
    expect(schema.build(['a'], 'shop.go')).toEqual(['a']);
    expect(schema.build(['a', undefined], 'shop.go')).toEqual(['a', undefined]);
    building(schema, 'a', null).toThrow('argument 2 must be a Line, not null');
    expect(schema.revive(['a', undefined])).toEqual(['a', undefined]);
  });

  it('takes instances of a @Value class as the codec made them', () => {
    const money = Object.assign(new Money(), { cents: 5 });
    const schema = schemaOf(Money);
    expect(schema.build([money], 'shop.go')).toEqual([money]);
    building(schema, { cents: 5 }).toThrow('argument 1 must be a Money, not an object');
    building(schema, 5).toThrow('argument 1 must be a Money, not a Number');
    expect(recorded([money])[0]).toBeInstanceOf(Money);
  });

  it('takes anything for any(), and null for null', () => {
    const value = { a: [1, { b: 2 }] };
    expect(schemaOf(any()).build([value], 'shop.go')[0]).toBe(value);
    expect(schemaOf(any()).revive([value])[0]).toBe(value);
    expect(schemaOf(oneOf(String, null)).build([null], 'shop.go')).toEqual([null]);
    building(schemaOf(null), 0).toThrow('must be null, not a Number');
  });
});

describe('shared and cyclic arguments', () => {
  it('keeps a shared reference one object', () => {
    const line = { sku: 'a' };
    const [order] = schemaOf(Order).build([{ lines: [line, line], gift: line }], 'shop.go') as [Order];
    expect(order.lines[0]).toBe(order.lines[1]);
    expect(order.gift).toBe(order.lines[0]);
    const [again] = schemaOf(Order).revive(recorded([order])) as [Order];
    expect(again.gift).toBe(again.lines[1]);
    expect(again.gift).toBeInstanceOf(Line);
  });

  it('refuses a cycle', () => {
    const tree: Record<string, unknown> = { name: 'a' };
    tree.left = { name: 'b', right: tree };
    building(schemaOf(Tree), tree).toThrow('argument 1.left.right contains itself: arguments may not be cyclic');
  });

  it('refuses one object under two types', () => {
    const both = { sku: 'a', name: 'a' };
    building(schemaOf(Tree, any(), [Tree]), { name: 'a', left: { name: 'b' } }, both, [both]).toThrow(
      'should not exist',
    );
    const line = { sku: 'a' };
    class Other {
      @IsString() sku!: string;
    }
    building(schemaOf(Line, Other), line, line).toThrow(
      'argument 2 is one object in two places of different types: send a copy',
    );
  });

  it('refuses more than 100 shared references, so that a small message cannot cost a long validation', () => {
    let tree: Record<string, unknown> = { name: 'leaf' };
    for (let depth = 0; depth < 90; depth++) tree = { name: 'node', left: tree, right: tree };
    expect(schemaOf(Tree).build([tree], 'shop.go')[0]).toBeInstanceOf(Tree);
    for (let depth = 0; depth < 11; depth++) tree = { name: 'node', left: tree, right: tree };
    building(schemaOf(Tree), tree).toThrow('is one of more than 100 shared references: send copies');
    class Tagged {
      @ArrayMaxSize(5) tags!: string[];
    }
    const tags: string[] = [];
    building(
      schemaOf([Tagged]),
      Array.from({ length: 102 }, () => ({ tags })),
    ).toThrow('[101].tags is one of more than 100');
  });
});

describe('a DTO whose own code throws', () => {
  it('is an invalid argument with the cause', () => {
    class Picky {
      @IsOptional() secret?: string;
      constructor() {
        if (strict) throw new Error('not today');
      }
    }
    let strict = false;
    const schema = schemaOf([Picky]);
    strict = true;
    building(schema, [{}]).toThrow('shop.go: argument 1[0] cannot be built: Error: not today');
  });
});

describe('reviving arguments', () => {
  it('keeps a shared array shared, and never lets a recorded __proto__ replace a prototype', () => {
    class Shelf {
      @IsString() name!: string;
      @Nested(() => [Line]) lines!: Line[];
    }
    const lines = [{ sku: 'a' }];
    const schema = schemaOf(Shelf, Shelf);
    const built = schema.build(
      [
        { name: 'a', lines },
        { name: 'b', lines },
      ],
      'shop.go',
    ) as [Shelf, Shelf];
    expect(built[0].lines).toBe(built[1].lines);
    const [first, second] = schema.revive(recorded(built)) as [Shelf, Shelf];
    expect(first.lines).toBe(second.lines);
    expect(first.lines[0]).toBeInstanceOf(Line);
    const [line] = schemaOf(Line).revive([JSON.parse('{"sku":"a","__proto__":{"label":1}}')]) as [Line];
    expect(line.label()).toContain('a');
  });

  it('restores prototypes without constructor, transform or validation (S10)', () => {
    const schema = schemaOf(Order, [Line]);
    const built = schema.build([{ lines: [{ sku: 'a' }] }, [{ sku: 'b' }]], 'shop.go');
    const before = constructed;
    const [order, lines] = schema.revive(recorded(built)) as [Order, Line[]];
    expect(order).toBeInstanceOf(Order);
    expect(order.lines[0]!.label()).toBe('1 × a');
    expect(lines[0]!.label()).toBe('1 × b');
    const [invalid] = schemaOf(Line).revive([{ sku: 5, quantity: -1, gone: true }]) as [Line];
    expect(invalid).toBeInstanceOf(Line);
    expect(invalid).toEqual({ sku: 5, quantity: -1, gone: true });
    expect(constructed).toBe(before);
  });

  it('leaves what no longer fits as it was recorded', () => {
    expect(schemaOf(Line).revive(['text', 2])).toEqual(['text', 2]);
    expect(schemaOf([Line]).revive([5])).toEqual([5]);
    expect(schemaOf(oneOf(Line, String)).revive([5])).toEqual([5]);
  });
});
