/**
 * Telemetry through pino: one JSON object per line.
 *
 * Owns: the adapter of the log port. Does not own: transports and formatting; a ready pino logger may be handed in.
 *
 * Invariant: pino is loaded at the first line that is written, so a silent host never loads it.
 */

import type { Logger } from 'pino';
import type { Log, LogFields, LogLevel } from '../ports/telemetry';

export interface PinoLogOptions {
  /** Lines below this level are dropped before anything is loaded. Default `info`. */
  readonly level?: LogLevel;
  /** A logger of the user's; its own level and destination apply. Default: lines on standard error. */
  readonly logger?: Pick<Logger, LogLevel>;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

export function pinoLog(options: PinoLogOptions = {}): Log {
  const least = RANK[options.level ?? 'info'];
  let logger = options.logger;
  const write = (level: LogLevel, fields: LogFields, message: string): void => {
    if (RANK[level] < least) return;
    try {
      logger ??= openLogger();
      logger[level](readable(fields), message);
    } catch {
      // A log line is not worth a host (port invariant).
    }
  };
  return {
    debug: (fields, message) => write('debug', fields, message),
    info: (fields, message) => write('info', fields, message),
    warn: (fields, message) => write('warn', fields, message),
    error: (fields, message) => write('error', fields, message),
  };
}

function openLogger(): Pick<Logger, LogLevel> {
  const { pino } = require('pino') as typeof import('pino');
  const destination = pino.destination({ fd: 2, sync: true });
  return pino({ base: null, level: 'debug' }, destination);
}

/** Errors and bigints have no JSON form of their own. */
function readable(fields: LogFields): Record<string, unknown> {
  const lines: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof Error) lines[name] = { name: value.name, message: value.message, stack: value.stack };
    else lines[name] = typeof value === 'bigint' ? value.toString() : value;
  }
  return lines;
}
