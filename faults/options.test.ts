import { UsageError } from '../runtime/sim/usage';
import { drawFaults, parseOptions } from './options';

describe('the options of npm run test:faults', () => {
  it('are by default what a long run takes, of all kinds and on three nodes', () => {
    const { faults, kinds, services } = parseOptions([]);
    expect(faults).toBe(200);
    expect(kinds).toContain('host killed');
    expect(services.nodes).toBe(3);
    expect(parseOptions([])).toMatchObject({ minutes: Infinity, resume: false });
  });

  it('are taken as given', () => {
    const args = ['--faults', '3', '--kinds', 'NATS killed, host killed', '--nodes=1', '--nats-port', '5222'];
    const { faults, kinds, services } = parseOptions([...args, '--directory', '/tmp/there']);
    expect(parseOptions(['--minutes', '5', '--resume', '--report', '/tmp/r.json'])).toMatchObject({
      ...{ minutes: 5, resume: true, report: '/tmp/r.json' },
    });
    expect([faults, kinds]).toEqual([3, ['NATS killed', 'host killed']]);
    expect(services).toMatchObject({ nodes: 1, natsPort: 5222, directory: '/tmp/there' });
  });

  it.each([
    [['--faults', '0'], "not '0'"],
    [['--faults', 'all'], "not 'all'"],
    [['--kinds', 'host killed,flood'], 'NATS stopped and continued, '],
    [['--kinds', 'host killed,flood'], "not 'flood'"],
    [['--nodes', '2'], "not '2'"],
    [['--minutes', '0'], "not '0'"],
    [['--seed=-1'], "not '-1'"],
    [['--storage-port', '70000'], "not '70000'"],
    [['now'], 'now'],
    [['--fast'], '--fast'],
  ])('are refused with what is wrong: %j', (args, text) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).toThrow(text);
  });

  it('take every kind in each round, and the same order for the same seed', () => {
    const options = parseOptions(['--faults', '30', '--seed', '7', '--kinds', 'host killed,NATS killed,host drained']);
    const drawn = drawFaults(options);
    expect(drawFaults(options)).toEqual(drawn);
    expect(drawn).toHaveLength(30);
    const rounds = Array.from({ length: 10 }, (_, i) => drawn.slice(3 * i, 3 * i + 3));
    for (const round of rounds) expect([...round].sort()).toEqual([...options.kinds].sort());
    expect(new Set(rounds.map(String)).size).toBeGreaterThan(1);
  });
});
