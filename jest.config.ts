import type { Config } from 'jest';

/**
 * Runs every `.test.ts` on Node 24 through the npm scripts. Decorator metadata is emitted by swc, as users' Jest does.
 * `perdure` and its subpaths are mapped to source; compiled programs (children that are killed) run from `dist`.
 */
const swc = {
  sourceMaps: 'inline',
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2023',
    keepClassNames: true,
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
  },
};

const config: Config = {
  testEnvironment: 'node',
  reporters: ['default', ['<rootDir>/house/closing-line.ts', { keepIn: 'dist/test-counts.json' }]],
  testMatch: ['<rootDir>/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/dist/', '\\.(?:long|real)\\.test\\.ts$'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  testTimeout: 30_000,
  transform: { '\\.ts$': ['@swc/jest', swc] },
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^perdure$': '<rootDir>/framework/index.ts',
    '^perdure/activity$': '<rootDir>/framework/activity.ts',
    '^perdure/client$': '<rootDir>/runtime/client/index.ts',
    '^perdure/host$': '<rootDir>/runtime/index.ts',
    '^perdure/testing$': '<rootDir>/runtime/testing/index.ts',
  },
  collectCoverageFrom: ['framework/**/*.ts', '!**/*.{test,contract,fixture,child}.ts'],
  coverageReporters: ['text-summary', 'json-summary', 'lcovonly'],
  coverageThreshold: { global: { lines: 95, branches: 95 } },
};

module.exports = config;
