import type { Config } from 'jest';

/**
 * Runs every `.real.test.ts`, one file after another: against real NATS and real Cassandra, which get the machine to
 * themselves. It goes on after `jest.config.ts`, and its closing line counts the tests of both.
 */
const shared = process.getBuiltinModule('node:module').createRequire(__filename)('./jest.config.ts') as Config;

const { coverageThreshold: _, ...settings } = shared;

const config: Config = {
  ...settings,
  reporters: ['default', ['<rootDir>/house/closing-line.ts', { addFrom: 'dist/test-counts.json' }]],
  testMatch: ['<rootDir>/**/*.real.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/dist/'],
  globalTeardown: '<rootDir>/services/after-tests.ts',
  testTimeout: 60_000,
};

module.exports = config;
