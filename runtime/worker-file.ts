/**
 * Worker file: where the compiled module of a thread lies.
 *
 * Owns: the one difference between running compiled and running from source. A worker is a plain Node thread and needs
 * JavaScript: beside the module that starts it when that is compiled, under `dist/` when it runs from source, as under
 * Jest; `npm test` compiles first.
 */

import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { PerdureError } from '../framework/errors';

/** `starter` is the `__filename` of the module that starts the thread; `name` of the thread's, without extension. */
export function workerFile(starter: string, name: string): string {
  if (!starter.endsWith('.ts')) return join(dirname(starter), `${name}.js`);
  const root = join(__dirname, '..');
  const file = join(root, 'dist', relative(root, dirname(starter)), `${name}.js`);
  if (!existsSync(file)) throw new PerdureError('unavailable', `the thread ${file} is not compiled: run npm run build`);
  return file;
}
