import 'reflect-metadata';
import {
  IsDate,
  IsInt,
  IsOptional,
  IsString,
  Min,
  Validate as Check,
  ValidateNested,
  ValidatorConstraint,
} from 'class-validator';
import { decodeValue, encodeValue } from '../codec/value';
import type { ArgType } from './arg-type';
import { any, oneOf, optional } from './arg-type';
import type { ArgsSchema } from './args';
import { Entity, Signal } from './decorators';
import { definitionOf } from './definition';
import { Nested } from './field-decorators';

class Line {
  @IsString() sku!: string;
  @IsInt() @Min(1) quantity = 1;

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

function schemaOf(...args: ArgType[]): ArgsSchema {
  @Entity('shop')
  class Shop {
    @Signal({ args }) go(): void {}
  }
  return definitionOf(Shop).methods.get('go')!.args;
}

const building = (schema: ArgsSchema, ...values: unknown[]) => expect(() => schema.build(values, 'shop.go'));
const registering = (...args: ArgType[]) => expect(() => schemaOf(...args));
/** What the store and replay do to built arguments. */
const recorded = (values: unknown[]) => decodeValue(encodeValue(values, { classes: 'plain' })) as unknown[];

describe('oneOf', () => {
  class Card {
    @IsString() number!: string;
    @IsOptional() holder?: string;
  }
  class Cash {
    @IsInt() cents!: number;
  }

  it('is told apart by property names, on receipt and on replay alike (S10)', () => {
    const schema = schemaOf(oneOf(Card, Cash, [Cash], String));
    const built = schema.build([{ cents: 5 }], 'shop.go');
    expect(built[0]).toBeInstanceOf(Cash);
    expect(schema.revive(recorded(built))[0]).toBeInstanceOf(Cash);
    expect(schema.revive(recorded(schema.build([{ number: '1' }], 'shop.go')))[0]).toBeInstanceOf(Card);
    expect(schema.build([[{ cents: 5 }]], 'shop.go')).toEqual([[{ cents: 5 }]]);
    expect(schema.build(['free'], 'shop.go')).toEqual(['free']);
    building(schema, { cents: 'x' }).toThrow('argument 1 does not validate: cents must be an integer number');
    building(schema, 5).toThrow('must be a Card or a Cash or an array (of a Cash) or a String, not a Number');
  });

  it('is refused at registration when alternatives cannot be told apart', () => {
    class Coins {
      @IsInt() cents!: number;
    }
    registering(oneOf(Cash, Coins)).toThrow('Shop.go: argument 1 has alternatives that cannot be told apart');
    registering(oneOf([Cash], [Card])).toThrow('cannot be told apart');
    registering(oneOf(Cash, any())).toThrow('put optional(…) and any() outside oneOf');
    registering(oneOf(Cash, optional(Card))).toThrow('cannot be told apart');
    registering(oneOf(String, oneOf(Cash, Card))).toThrow('cannot be told apart');
    registering(oneOf()).toThrow('has oneOf() without alternatives: name at least one type');
  });

  it('takes classes that name each other', () => {
    class Branch {
      @IsString() branch!: string;
      @Nested(() => [oneOf(Branch, Leaf)]) parts!: (Branch | Leaf)[];
    }
    class Leaf {
      @IsInt() leaf!: number;
      @Nested(() => optional(oneOf(Leaf, Branch))) next?: Leaf | Branch;
    }
    const schema = schemaOf(optional(oneOf(Branch, Leaf)));
    const built = schema.build([{ branch: 'b', parts: [{ leaf: 1, next: { branch: 'c', parts: [] } }] }], 'shop.go');
    const [branch] = schema.revive(recorded(built)) as [Branch];
    expect((branch.parts[0] as Leaf).next).toBeInstanceOf(Branch);
  });
});

describe('registration of arguments', () => {
  it('refuses types that say nothing or cannot arrive', () => {
    registering(Object).toThrow(
      'Shop.go: argument 1 is compiled to Object, which says nothing: say what it is with args',
    );
    registering(Promise).toThrow('is a Promise, which is no argument type');
    registering(Buffer).toThrow(/argument 1 is a Buffer/);
    registering([] as unknown as ArgType).toThrow(
      'has an array type of 0 elements: write [Line] for an array of lines',
    );
    registering('Line' as unknown as ArgType).toThrow(
      'has an unknown type (a String): give a class, [Class], oneOf(…)',
    );
    registering(undefined as unknown as ArgType).toThrow('has an unknown type (undefined');
  });

  it('refuses a DTO without validation, or whose constructor has parameters', () => {
    class Bare {
      sku = '';
    }
    class Built {
      @IsString() sku: string;
      constructor(sku: string) {
        this.sku = sku;
      }
    }
    registering(Bare).toThrow(
      'argument 1 is a Bare, whose properties carry no validation: decorate its properties with class-validator, or give args with any()',
    );
    registering(Built).toThrow(
      'argument 1 is a Built, whose constructor has parameters: DTOs are built by new Built()',
    );
    registering(Built).toThrow('whose constructor has parameters');
  });

  it('refuses a DTO with a property without rules, which every message would meet, or a constructor that throws', () => {
    class Half {
      @IsString() sku = '';
      note = '';
    }
    class Throwing {
      @IsString() sku = JSON.parse('{') as string;
    }
    registering(Half).toThrow(
      'argument 1 is a Half, whose property note carries no validation: decorate it with class-validator',
    );
    registering(Throwing).toThrow('argument 1 is a Throwing, whose constructor threw (SyntaxError');
  });

  it('refuses @ValidateNested, with @Nested and without', () => {
    class Alone {
      @ValidateNested() line!: Line;
    }
    class Beside {
      @ValidateNested() @Nested(() => Line) line!: Line;
    }
    registering(Alone).toThrow(
      'property Alone.line, has @ValidateNested, which does not say how to build it: use @Nested(() => Line)',
    );
    registering(Beside).toThrow('remove it, for @Nested validates too');
  });

  it('refuses an asynchronous validator', () => {
    @ValidatorConstraint({ async: true })
    class Unique {
      async validate(): Promise<boolean> {
        return true;
      }
    }
    class Named {
      @Check(Unique) name!: string;
    }
    registering(Named).toThrow('property Named.name, has an asynchronous validator, which would never be awaited');
  });

  it('names a nested class that is unsound', () => {
    class Inner {
      sku = '';
    }
    class Outer {
      @Nested(() => [Inner]) inner!: Inner[];
    }
    registering(Outer).toThrow(
      'Shop.go: argument 1, property Outer.inner, is a Inner, whose properties carry no validation',
    );
    registering(Outer).toThrow('whose properties carry no validation');
  });

  it('inherits properties and nested classes of a DTO', () => {
    class Gift extends Order {
      @IsString() to!: string;
    }
    const [gift] = schemaOf(Gift).build([{ to: 'x', lines: [{ sku: 'a' }] }], 'shop.go') as [Gift];
    expect(gift.lines[0]).toBeInstanceOf(Line);
  });
});

describe('without class-validator', () => {
  it('refuses a DTO and names the package', () => {
    jest.isolateModules(() => {
      jest.doMock('class-validator', () => {
        throw new Error('Cannot find module');
      });
      const { dtoShape } = jest.requireActual<typeof import('./dto')>('./dto');
      const unused = (): never => {
        throw new Error('no nested type is looked at');
      };
      class Fresh {
        sku = '';
      }
      expect(() => dtoShape(Fresh, 'shop.go: argument 1', unused)).toThrow(
        'shop.go: argument 1 is a Fresh, which class-validator must validate, but it cannot be loaded: install the peer dependency class-validator',
      );
      jest.dontMock('class-validator');
    });
  });
});
