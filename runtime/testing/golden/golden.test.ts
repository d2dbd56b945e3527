import { GoldenLife, GoldenValues, makeGoldenHeld } from './entities.fixture';
import { replay } from '..';
import { goldenFile, writeMissing } from './write.fixture';

const classes = [GoldenValues, GoldenLife, makeGoldenHeld(true)];

beforeAll(async () => {
  if (process.env['GOLDEN'] === 'write') await writeMissing();
});

describe('golden histories', () => {
  it.each(['snapshot', 'start'] as const)('replay under every later version, from %s (S24, S26)', async (from) => {
    const replayed = await replay(goldenFile('*'), classes, { from });
    expect(replayed.map(({ key, records, state }) => ({ id: key.id, records, state }))).toMatchSnapshot();
  });

  it('diverge, with the step named, under a class that does something else (S26)', async () => {
    const broken = replay(goldenFile('held-1'), [makeGoldenHeld(false)]);
    await expect(broken).rejects.toMatchObject({ code: 'internal', reason: 'divergence' });
    await expect(broken).rejects.toThrow(/month 3 is broken/);
  });
});
