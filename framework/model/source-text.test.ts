import { blank, hasConstructor, parametersOf, privateName } from './source-text';

type Method = (...args: never[]) => unknown;

describe('privateName', () => {
  it.each([
    ['class A { #x = 1; }', '#x'],
    ['class A { static #count; }', '#count'],
    ['class A { a = `${this.#x}`; }', '#x'],
    ['class A { a = 1 / 2; #y = 3 / 4; }', '#y'],
    ['class A { a = { b: `}` }; c = `${{ d: `${1}` }}`; #z; }', '#z'],
    ['class A { a() { return /[/#]/.test(x) } #größe = 1; }', '#größe'],
    ['class A { a() { __classPrivateFieldGet(this, _x) } }', '__classPrivateFieldGet'],
    ['class A { a() { _class_private_field_init(this, _x) } }', '_class_private_field_init'],
  ])('finds the private name in %s', (source, name) => {
    expect(privateName(source)).toBe(name);
  });

  it.each([
    "class A { a = '#x'; }",
    'class A { a = "\\"#x"; }',
    'class A { a = `#x ${1} #y`; }',
    'class A { a = `\\` #x $ {`; }',
    'class A { /* #x */ a = 1; // #y\n }',
    'class A { a() { return /#x/; } }',
    'class A { a = [/#x[/]#y\\/#z/g]; }',
    'class A { a = x => /#x/.test(x); }',
  ])('does not take text for a name in %s', (source) => {
    expect(privateName(source)).toBeNull();
  });

  it('does not lose its way in a division or an unclosed text', () => {
    expect(privateName('class A { a() { return (b) / 2 + "/" } #x; }')).toBe('#x');
    expect(privateName('class A { #x; a = `')).toBe('#x');
    expect(privateName("class A { a = '")).toBeNull();
  });
});

describe('blank', () => {
  it('keeps every position', () => {
    const source = 'a = "x" + `b${ c + `d` }e` / /f/g; // g';
    expect(blank(source)).toHaveLength(source.length);
    expect(blank(source)).toContain('c + ` `');
  });
});

describe('parametersOf', () => {
  it.each<[string, Method, { any: boolean; rest: boolean }]>([
    ['none', { m() {} }.m, { any: false, rest: false }],
    ['a comment', { m(/* (none) */) {} }.m, { any: false, rest: false }],
    [
      'one',
      {
        m(a: number) {
          return a;
        },
      }.m,
      { any: true, rest: false },
    ],
    [
      'a default',
      {
        m(a = [1, 2, ...[3]]) {
          return a;
        },
      }.m,
      { any: true, rest: false },
    ],
    [
      'a pattern with its own rest',
      {
        m({ a, ...b }: { a: number }) {
          return [a, b];
        },
      }.m,
      { any: true, rest: false },
    ],
    [
      'a rest',
      {
        m(a: number, ...b: number[]) {
          return [a, b];
        },
      }.m,
      { any: true, rest: true },
    ],
    [
      'a rest alone',
      {
        m(...[a]: number[]) {
          return a;
        },
      }.m,
      { any: true, rest: true },
    ],
  ])('sees %s', (_, method, expected) => {
    expect(parametersOf(method)).toEqual(expected);
  });
});

describe('other words', () => {
  it('finds a constructor, not a mention of one', () => {
    expect(hasConstructor('class A { constructor() {} }')).toBe(true);
    expect(hasConstructor('class A { a() { return this.constructor() + "constructor()"; } }')).toBe(false);
  });
});
