import { parseCommand, UsageError } from './options';

describe('the options of npm run services', () => {
  it('have defaults for all but what is to be done', () => {
    const { action, wipe, options } = parseCommand(['start']);
    expect([action, wipe]).toEqual(['start', false]);
    expect(options).toMatchObject({ nodes: 1, natsPort: 4222, cassandraPort: 9042, storagePort: 7000, heapMb: 600 });
    expect(options.directory.startsWith(options.cache)).toBe(true);
  });

  it('are taken as given', () => {
    const { options } = parseCommand(['start', '--nodes', '3', '--nats-port=5222', '--directory', '/tmp/there']);
    expect(options).toMatchObject({ nodes: 3, natsPort: 5222, directory: '/tmp/there' });
  });

  it.each([
    [[], "not ''"],
    [['begin'], "not 'begin'"],
    [['start', 'now'], "not 'start now'"],
    [['start', '--nodes', '2'], "not '2'"],
    [['start', '--nats-port', 'x'], "not 'x'"],
    [['start', '--nats-port', '70000'], "not '70000'"],
    [['start', '--heap-mb', '1'], "not '1'"],
    [['start', '--wipe'], 'goes with stop'],
    [['start', '--port', '1'], '--port'],
  ])('are refused with what is wrong: %j', (args, text) => {
    expect(() => parseCommand(args)).toThrow(UsageError);
    expect(() => parseCommand(args)).toThrow(text);
  });
});
