import { parseOptions, UsageError } from './options';

describe('the options of npm run test:faults', () => {
  it('are by default what a long run takes, of all kinds and on three nodes', () => {
    const { faults, kinds, services } = parseOptions([]);
    expect(faults).toBe(200);
    expect(kinds).toContain('host killed');
    expect(services.nodes).toBe(3);
  });

  it('are taken as given', () => {
    const args = ['--faults', '3', '--kinds', 'NATS killed, host killed', '--nodes=1', '--nats-port', '5222'];
    const { faults, kinds, services } = parseOptions([...args, '--directory', '/tmp/there']);
    expect([faults, kinds]).toEqual([3, ['NATS killed', 'host killed']]);
    expect(services).toMatchObject({ nodes: 1, natsPort: 5222, directory: '/tmp/there' });
  });

  it.each([
    [['--faults', '0'], "not '0'"],
    [['--faults', 'all'], "not 'all'"],
    [['--kinds', 'host killed,flood'], "no kind of fault 'flood'"],
    [['--nodes', '2'], "not '2'"],
    [['--storage-port', '70000'], "not '70000'"],
    [['now'], 'now'],
    [['--fast'], '--fast'],
  ])('are refused with what is wrong: %j', (args, text) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).toThrow(text);
  });
});
