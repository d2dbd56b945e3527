import { silentLog } from '../ports/telemetry';
import { pinoLog } from './telemetry';

function recorder() {
  const lines: unknown[][] = [];
  const at = (level: string) => (fields: object, message?: string) => void lines.push([level, fields, message]);
  return { lines, logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}

describe('the log', () => {
  it('writes fields and message at their level and drops what is below it', () => {
    const { lines, logger } = recorder();
    const log = pinoLog({ level: 'warn', logger });
    log.debug({ entity: 'a/1' }, 'quiet');
    log.info({ entity: 'a/1' }, 'quiet');
    log.warn({ entity: 'a/1', due: 5n }, 'slow');
    log.error({ error: new TypeError('no') }, 'broken');
    expect(lines).toEqual([
      ['warn', { entity: 'a/1', due: '5' }, 'slow'],
      ['error', { error: expect.objectContaining({ name: 'TypeError', message: 'no' }) }, 'broken'],
    ]);
  });

  it('never throws, whatever its destination does', () => {
    const fail = (): void => {
      throw new Error('disk full');
    };
    const log = pinoLog({ logger: { debug: fail, info: fail, warn: fail, error: fail } });
    expect(() => log.error({}, 'lost')).not.toThrow();
    expect(() => silentLog.error({}, 'unheard')).not.toThrow();
  });
});
