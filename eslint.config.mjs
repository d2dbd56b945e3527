import js from '@eslint/js';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const tests = ['**/*.test.ts', '**/*.contract.ts', '**/*.fixture.ts', '**/*.child.ts', 'house/**', 'smoke/**'];
const adapters = ['transport', 'store', 'system'];
const upper = ['node.ts', 'index.ts', 'main.ts', 'cli', 'sim', 'testing', 'gateway', 'console'];

/** What each room of runtime/ may not import: the street is one-way, and only composition roots see adapters. */
const closedTo = {
  ports: ['client', 'host', 'shard', 'activation', ...adapters, ...upper],
  wire: ['client', 'host', 'shard', 'activation', ...adapters, ...upper],
  client: ['host', 'shard', 'activation', ...adapters, ...upper],
  transport: ['client', 'host', 'shard', 'activation', 'store', 'system', ...upper],
  store: ['client', 'host', 'shard', 'activation', 'transport', 'system', ...upper],
  system: ['client', 'host', 'shard', 'activation', 'transport', 'store', ...upper],
  activation: ['client', 'host', 'shard', ...adapters, ...upper],
  shard: ['client', 'host', ...adapters, ...upper],
  host: ['client', ...adapters, ...upper],
};
const zoneOf = ([room, closed]) => ({
  target: `./runtime/${room}`,
  from: closed.map((other) => `./runtime/${other}`),
  message: `runtime/${room} may not import this room: host → shard → activation; adapters only in composition roots.`,
});
const runtimeZones = Object.entries(closedTo).map(zoneOf);
/** The entry of `perdure/client` is the composition root of callers: it alone of its room sees adapters. */
const callerZones = [zoneOf(['client', closedTo.client.filter((room) => !adapters.includes(room))])];

const above = {
  framework: ['runtime', 'entities', 'samples', 'benchmarks'],
  entities: ['runtime', 'samples', 'benchmarks'],
  runtime: ['entities', 'samples', 'benchmarks'],
};
const layerZones = Object.entries(above).map(([layer, closed]) => ({
  target: `./${layer}`,
  from: closed.map((other) => `./${other}`),
  message: 'framework ← runtime ← samples and benchmarks; never the reverse.',
}));

const frameworkMayImport = '^(?!\\.{1,2}/|node:(?:async_hooks|crypto|zlib)$|class-validator$|reflect-metadata$)';
const inject = 'Ask the clock, entropy or scheduling port: only runtime/system touches the real ones.';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', 'smoke/projects/'] },
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./{framework,runtime,samples,benchmarks,services,faults}/tsconfig.json', './tsconfig.tests.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createTypeScriptImportResolver({ project: 'tsconfig.base.json' })],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/extensions': ['.ts'],
    },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', { max: 69 }],
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-require-imports': ['error', { allow: ['^(class-validator|pino)$'] }], // loaded when first needed
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'import-x/no-cycle': 'error',
      'import-x/no-self-import': 'error',
      'import-x/no-duplicates': 'error',
      'import-x/no-extraneous-dependencies': ['error', { devDependencies: false, peerDependencies: true }],
    },
  },
  {
    // These borrow methods of built-in prototypes and call them on receivers of their own.
    files: ['framework/codec/value-*.ts', 'framework/core/durable-promise.ts', 'runtime/system/**'],
    rules: { '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: ['{framework,runtime,entities}/**/*.ts'],
    ignores: tests,
    rules: { 'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones: layerZones }] },
  },
  {
    files: ['runtime/**/*.ts'],
    ignores: tests,
    rules: {
      'import-x/no-restricted-paths': [
        'error',
        { basePath: import.meta.dirname, zones: [...layerZones, ...runtimeZones] },
      ],
    },
  },
  {
    // No part of the package: it may use what the workshop uses.
    files: ['runtime/sim/**/*.ts'],
    rules: { 'import-x/no-extraneous-dependencies': 'off' },
  },
  {
    files: ['runtime/client/index.ts'],
    rules: {
      'import-x/no-restricted-paths': [
        'error',
        { basePath: import.meta.dirname, zones: [...layerZones, ...callerZones] },
      ],
    },
  },
  {
    files: ['{framework,runtime}/**/*.ts'],
    ignores: ['runtime/system/**', ...tests],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'performance', 'crypto', 'fetch'].map((name) => ({
          name,
          message: inject,
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: inject },
        { object: 'Math', property: 'random', message: inject },
        { object: 'process', property: 'hrtime', message: inject },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: inject },
        { selector: "CallExpression[callee.name='Date']", message: inject },
        { selector: 'ImportDeclaration[source.value=/^(node:)?(timers|perf_hooks)/]', message: inject },
        {
          selector: 'ImportSpecifier[imported.name=/^(randomUUID|randomBytes|randomInt|getRandomValues|randomFill)/]',
          message: inject,
        },
      ],
    },
  },
  {
    files: ['framework/**/*.ts'],
    ignores: tests,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [{ regex: frameworkMayImport, message: 'framework/ is pure: own files, hashing and async_hooks.' }],
        },
      ],
    },
  },
  {
    files: ['{framework,runtime}/**/*.ts'],
    ignores: ['framework/planted-bugs.ts', 'runtime/sim/**', ...tests],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [{ regex: 'planted-bugs$', importNames: ['plantBug'], message: 'Only the simulator plants bugs.' }],
        },
      ],
    },
  },
  {
    // An entity hands its own methods to remind() and forget() as names: they are not called there.
    files: ['samples/**/*.ts', 'runtime/sim/workloads/*.ts'],
    rules: { '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: ['samples/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(\\.{1,2}/)+(framework|runtime|benchmarks)(/|$)',
              message: "Samples see what users see: import 'perdure' and its subpaths.",
            },
          ],
        },
      ],
    },
  },
  {
    files: ['samples/**', 'benchmarks/**', 'runtime/cli/**', '*.config.ts', ...tests],
    rules: { 'no-console': 'off', 'import-x/no-extraneous-dependencies': 'off' },
  },
  {
    files: tests,
    extends: [tseslint.configs.recommendedTypeChecked],
    rules: {
      'max-lines-per-function': ['error', { max: 390 }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
);
