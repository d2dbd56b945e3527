import 'reflect-metadata';
import {
  Allow,
  ArrayMinSize,
  Equals,
  IsBoolean,
  IsDefined,
  IsInt,
  IsOptional,
  IsString,
  MaxLength,
  Min,
  registerDecorator,
  Validate as Check,
  ValidateIf,
  validateSync,
  ValidatorConstraint,
} from 'class-validator';
import fc from 'fast-check';
import { rulesOf } from './validation';

@ValidatorConstraint()
class Even {
  validate(value: unknown): boolean {
    return typeof value === 'number' && value % 2 === 0;
  }
}

class Every {
  @IsInt() @Min(1) count!: unknown;
  @IsString() @MaxLength(2) name!: unknown;
  @IsOptional() @IsBoolean() flag?: unknown;
  @IsDefined() present: unknown;
  @Allow() free: unknown;
  @ValidateIf((dto: Every) => dto.flag === true) @Check(Even) even: unknown;
  @IsString({ each: true }) @ArrayMinSize(1) tags!: unknown;
  @Equals(5, { validateIf: (_, value) => value !== 7 }) five: unknown;
}

const seed = Number(process.env['SEED'] ?? 20_260_131);

describe('the quick pass', () => {
  it('comes to what validateSync comes to', () => {
    process.stdout.write(`validation.test seed ${seed}\n`);
    const { complaints } = rulesOf(Every, 'argument 1');
    const often = <T>(good: T, ...bad: unknown[]) =>
      fc.oneof({ weight: 6, arbitrary: fc.constant<unknown>(good) }, fc.constantFrom(...bad));
    const values = fc.record({
      count: often(1, 0, 1.5, '1', undefined),
      name: often('ab', 'abc', 1, null),
      flag: often(true, false, null, undefined, 'true'),
      present: often(0, null, undefined),
      free: often({}, undefined),
      even: often(2, 3, undefined),
      tags: often(['a'], [], ['a', 1], 'a', new Set(['a'])),
      five: often(5, 7, 6),
    });
    let sound = 0;
    fc.assert(
      fc.property(values, (value) => {
        const dto = Object.assign(new Every(), value);
        const errors = validateSync(dto, { whitelist: true, forbidNonWhitelisted: true });
        expect(complaints(dto) === '').toBe(errors.length === 0);
        sound += errors.length === 0 ? 1 : 0;
      }),
      { seed, numRuns: 500 },
    );
    expect(sound).toBeGreaterThan(20);
  });

  it('does not call validateSync when every rule holds', () => {
    const calls: unknown[] = [];
    class Counted {
      value = 1;
    }
    const validator = { validate: (value: unknown) => calls.push(value) > 0 };
    registerDecorator({ target: Counted, propertyName: 'value', options: {}, validator });
    expect(rulesOf(Counted, 'argument 1').complaints(new Counted())).toBe('');
    expect(calls).toEqual([1]);
  });
});
