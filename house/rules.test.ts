import type { Rule } from './rules';
import { ambient, candour, citations, cycles, direction, header, length, naming, rules, uncited } from './rules';

/** [what the case shows, path, text] */
type Case = readonly [shows: string, path: string, text: string];

const headed = '/** Owns: the answer. */\n';
const lines = (count: number, text: string): string => text.repeat(count);

function describeRule(name: string, rule: Rule, cases: { flagged: readonly Case[]; passing: readonly Case[] }): void {
  describe(`the rule on ${name}`, () => {
    it.each(cases.flagged)('flags %s', (_shows, path, text) => expect(rule({ path, text })).not.toEqual([]));
    it.each(cases.passing)('lets pass %s', (_shows, path, text) => expect(rule({ path, text })).toEqual([]));
  });
}

describeRule('length', length, {
  flagged: [['a file of 401 lines', 'runtime/a.ts', lines(401, 'a();\n')]],
  passing: [
    ['a file of 400 lines', 'runtime/a.ts', lines(400, 'a();\n')],
    ['a file of 400 lines whose last one is not ended', 'runtime/a.ts', `${lines(399, 'a();\n')}a();`],
  ],
});

describeRule('naming', naming, {
  flagged: [
    ['a file called utils', 'runtime/utils.ts', ''],
    ['a folder called helpers', 'runtime/helpers/a.ts', ''],
    ['a manager inside a name', 'runtime/lease-manager.ts', ''],
    ['an Impl at the end of a name', 'runtime/storeImpl.ts', ''],
  ],
  passing: [
    ['a name that contains such a word only by its letters', 'runtime/futility/simple.ts', ''],
    ['a plain name', 'framework/core/turn.ts', ''],
  ],
});

describeRule('headers', header, {
  flagged: [
    ['a file without a header', 'framework/a.ts', 'export const a = 1;\n'],
    ['a header that does not come first', 'framework/a.ts', `import './b';\n${headed}`],
    ['a header of 21 lines', 'framework/a.ts', `/**\n${lines(19, ' * a\n')} */\n`],
  ],
  passing: [
    ['a header of 20 lines', 'framework/a.ts', `/**\n${lines(18, ' * a\n')} */\n`],
    ['a header below the line that makes a file a command', 'runtime/cli/a.ts', `#!/usr/bin/env node\n${headed}`],
    ['a test, whose titles say what it is about', 'framework/a.test.ts', "it('is so', () => {});\n"],
  ],
});

describeRule('citations', citations, {
  flagged: [
    ['a semantics rule past the last one in a header', 'framework/a.ts', '/** Keeps S33. */\n'],
    ['a storage rule past the last one in a comment', 'framework/a.ts', 'a(); // C18 says so\n'],
    ['a letter that the rules do not have', 'framework/a.ts', '/** Keeps S12b. */\n'],
    ['a rule 0 in a test title', 'framework/a.test.ts', "it('is so (S0)', () => {});\n"],
    ['one in the title of a table of tests', 'framework/a.test.ts', "it.each([1])('is %s (C99)', () => {});\n"],
  ],
  passing: [
    ['the first, the last and the lettered rules', 'framework/a.ts', '/** S1, S32, S26a, C1, C17, C8a, C12a. */\n'],
    ['a range of rules', 'framework/a.test.ts', "it('is so (S11–S13)', () => {});\n"],
    ['something in code that only looks like a rule', 'framework/a.ts', "const S99 = 'C77';\n"],
    ['an entity id in a comment', 'framework/a.ts', '/** loyalty-account C-42 */\n'],
  ],
});

describeRule('import direction', direction, {
  flagged: [
    ['framework importing runtime', 'framework/core/a.ts', "import { b } from '../../runtime/b';"],
    ['a type import upwards', 'framework/a.ts', "import type { B } from '../runtime/b';"],
    ['a re-export upwards', 'framework/a.ts', "export * from '../runtime/b';"],
    ['an import() upwards', 'framework/a.ts', "const b = import('../runtime/b');"],
    ['framework reading files', 'framework/a.ts', "import { readFileSync } from 'node:fs';"],
    ['framework importing a package', 'framework/a.ts', "import pino from 'pino';"],
    ['runtime importing a sample', 'runtime/a.ts', "import { b } from '../samples/b';"],
    ['a sample reaching behind the public surface', 'samples/a/main.ts', "import { b } from '../../runtime/b';"],
  ],
  passing: [
    ['framework hashing', 'framework/a.ts', "import { createHash } from 'node:crypto';"],
    ['framework importing its own files', 'framework/core/a.ts', "import { b } from '../model/b';"],
    ['runtime importing framework', 'runtime/a.ts', "import { b } from '../framework/b';"],
    ['a sample importing the package by name', 'samples/a/main.ts', "import { startHost } from 'perdure/host';"],
    ['a test of framework that reads files', 'framework/a.test.ts', "import { readFileSync } from 'node:fs';"],
  ],
});

describeRule('clocks, timers and randomness', ambient, {
  flagged: [
    ['Date.now', 'runtime/host/a.ts', 'const at = Date.now();'],
    ['a Date of the present', 'framework/a.ts', 'const at = new Date();'],
    ['Math.random', 'framework/a.ts', 'const x = Math.random();'],
    ['Math.random handed on', 'runtime/a.ts', 'draw(Math.random);'],
    ['a timer', 'runtime/a.ts', 'setTimeout(f, 1);'],
    ['an interval', 'runtime/a.ts', 'setInterval(f, 1);'],
    ['an immediate', 'runtime/a.ts', 'setImmediate(f);'],
    ['performance.now', 'runtime/a.ts', 'performance.now();'],
    ['process.hrtime.bigint', 'runtime/a.ts', 'process.hrtime.bigint();'],
    ['a random id imported', 'framework/a.ts', "import { randomUUID } from 'node:crypto';"],
    ['random bytes imported under another name', 'runtime/a.ts', "import { randomBytes as b } from 'node:crypto';"],
    ['the global crypto', 'runtime/a.ts', 'crypto.randomUUID();'],
    ['Date.now by way of globalThis', 'runtime/a.ts', 'globalThis.Date.now();'],
  ],
  passing: [
    ['a Date of a given time', 'framework/a.ts', 'const at = new Date(nowMs);'],
    ['a port that has the same names', 'runtime/a.ts', 'clock.now(); scheduler.setTimeout(f, 1);'],
    ['the word in a comment or a text', 'runtime/a.ts', "// not Date.now()\nfault('setTimeout() is not durable');"],
    ['the system adapters', 'runtime/system/clock.ts', 'export const now = () => Date.now();'],
    ['a sample that shows the time left', 'samples/a/main.ts', 'const at = Date.now();'],
    ['a program that a test kills', 'runtime/a.child.ts', 'setTimeout(f, 1);'],
  ],
});

describeRule('candour', candour, {
  flagged: [
    ['work left for later', 'runtime/a.ts', '// TODO: handle this\n'],
    ['a check switched off', 'runtime/a.ts', '// eslint-disable-next-line no-console\n'],
    ['a type error silenced', 'runtime/a.ts', '// @ts-ignore\n'],
    ['a skipped test', 'runtime/a.test.ts', "it.skip('is so', () => {});"],
    ['a test that runs alone', 'runtime/a.test.ts', "describe.only('it', () => {});"],
    ['a test tried again until it passes', 'runtime/a.test.ts', 'jest.retryTimes(3);'],
  ],
  passing: [
    ['a type test', 'framework/a.test.ts', '// @ts-expect-error: durations have units\nsleep("30");'],
    ['the skip of an operator', 'runtime/a.ts', "client.skip(handle); log('TODO list');"],
    ['a table of tests', 'runtime/a.test.ts', "it.each([1])('is %s', () => {});"],
  ],
});

describe('the rule on cycles', () => {
  it('flags two files that import each other, even if one needs only a type', () => {
    const sources = [
      { path: 'framework/a.ts', text: "import type { B } from './core/b';" },
      { path: 'framework/core/b.ts', text: "import { a } from '../a';" },
    ];
    expect(cycles(sources)).toEqual([['framework/a.ts', 'framework/core/b.ts', 'framework/a.ts']]);
  });

  it('flags a file that imports its own index', () => {
    const sources = [
      { path: 'framework/index.ts', text: "export * from './b';" },
      { path: 'framework/b.ts', text: "import { c } from './index';" },
    ];
    expect(cycles(sources)).toHaveLength(1);
  });

  it('lets pass two ways to the same file', () => {
    const sources = [
      { path: 'a.ts', text: "import './b'; import './c';" },
      { path: 'b.ts', text: "import './d';" },
      { path: 'c.ts', text: "import './d';" },
      { path: 'd.ts', text: '' },
    ];
    expect(cycles(sources)).toEqual([]);
  });
});

describe('the rule on rules in scope', () => {
  const test = { path: 'framework/a.test.ts', text: "it('answers once (S11, S12)', () => {});" };
  const code = { path: 'framework/a.ts', text: '/** Keeps S13. */' };

  it('names those that no test title cites', () => {
    expect(uncited(['S11', 'S12', 'S13'], [test, code])).toEqual(['S13']);
  });
});

it('has a case above for every rule', () => {
  expect(Object.keys(rules).sort()).toEqual(
    ['ambient', 'candour', 'citations', 'direction', 'header', 'length', 'naming'].sort(),
  );
});
