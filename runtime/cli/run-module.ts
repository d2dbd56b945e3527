/**
 * Run module: `perdure host MODULE` and `perdure worker MODULE`: a process of what the module's default export describes.
 *
 * Owns: loading the module, the process's life from its start to SIGTERM or SIGINT, exit codes. Does not own: hosts and
 * workers themselves (`node`, `worker`).
 *
 * The first signal drains; a second one, of either kind, stops at once.
 */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isPerdureError } from '../../framework/errors';
import type { HostOptions } from '../node';
import { startHost } from '../node';
import type { WorkerOptions } from '../worker';
import { startWorker } from '../worker';

export type Kind = 'host' | 'worker';

interface Running {
  drain(): Promise<void>;
  stop(): Promise<void>;
}

const DONE = 0;
const FAILED = 1;
const BAD_USAGE = 2;
const UNAVAILABLE = 3;

/** Resolves with the exit code once the process may end. */
export async function runModule(kind: Kind, path: string): Promise<number> {
  const file = resolve(path);
  if (!existsSync(file)) return complain(`there is no module ${file}`, BAD_USAGE);
  let running: Running;
  try {
    const options = await defaultExport(file, kind === 'host' ? 'entities' : 'transport');
    if (options === null) {
      const cure = `export default define${kind === 'host' ? 'Host' : 'Worker'}({ … })`;
      return complain(`${file} has no default export that describes a ${kind}: ${cure}`, BAD_USAGE);
    }
    running = await (kind === 'host' ? startHost(options as HostOptions) : startWorker(options as WorkerOptions));
  } catch (error) {
    return complain(error instanceof Error ? error.message : String(error), codeOf(error));
  }
  const asked = signal();
  process.stdout.write(`perdure: the ${kind} serves; end it with SIGTERM\n`);
  await asked;
  return end(running);
}

/** Of a CommonJS module it is the property `default` of what that exports, if it has one; null without what is `wanted`. */
async function defaultExport(file: string, wanted: string): Promise<object | null> {
  const loaded = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  const own = loaded.default;
  const found = isObject(own) && 'default' in own ? own.default : own;
  return isObject(found) && wanted in found ? found : null;
}

async function end(running: Running): Promise<number> {
  const stopped = signal().then(() => running.stop());
  try {
    await Promise.race([running.drain(), stopped]);
    return DONE;
  } catch (error) {
    return complain(error instanceof Error ? error.message : String(error), FAILED);
  }
}

function signal(): Promise<void> {
  return new Promise((resolveSignal) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolveSignal());
  });
}

function codeOf(error: unknown): number {
  if (!isPerdureError(error)) return FAILED;
  if (error.code === 'unavailable') return UNAVAILABLE;
  return error.code === 'invalid_argument' ? BAD_USAGE : FAILED;
}

function complain(text: string, code: number): number {
  process.stderr.write(`perdure: ${text}\n`);
  return code;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
