/**
 * Telemetry: what the runtime and entities say to the people who run them.
 *
 * Owns: the structured log port and its bounds. Does not own: what is worth saying, or that an entity's own log is
 * silent on replay (`RunningStep.muted`).
 *
 * Invariants of an adapter: it never throws and never waits; what cannot be written is dropped.
 */

/** Plain values under short names: `entity`, `method`, `seq`, `error`. An Error is written with its stack. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export type LogLevel = keyof Log;

/** Says nothing. */
export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {}
