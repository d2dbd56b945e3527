import { any } from './arg-type';
import { Entity, Signal } from './decorators';
import { definitionOf } from './definition';

/** This file does not import reflect-metadata. */
describe('without reflect-metadata', () => {
  it('refuses a handler with arguments and names the import', () => {
    @Entity('typed')
    class Typed {
      @Signal() go(trip: string): string {
        return trip;
      }
    }
    expect('getOwnMetadata' in Reflect).toBe(false);
    expect(() => definitionOf(Typed)).toThrow(
      "Typed.go has arguments whose types are not known because reflect-metadata was not loaded: import 'reflect-metadata' first in your program, or give args",
    );
  });

  it('takes handlers without arguments, and with args', () => {
    @Entity('plain')
    class Plain {
      @Signal() go(): void {}
      @Signal({ args: [any()] }) come(trip: unknown): unknown {
        return trip;
      }
    }
    expect(definitionOf(Plain).methods.size).toBe(2);
  });
});
