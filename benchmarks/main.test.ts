import { expectFigures } from './quick-run.fixture';

const EMBEDDED = [
  'memory',
  'uniform-updates',
  'hot-key',
  'lone-update',
  'refused-updates',
  'replay',
  'cold-activation',
  'pending-timers',
];

describe('npm run bench -- --quick', () => {
  it('brings every workload of the embedded store to its end', () => expectFigures(EMBEDDED), 120_000);
});
