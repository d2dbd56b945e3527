/**
 * Worker file: where the compiled module of a thread lies.
 *
 * Owns: the one difference between running compiled and running from source. A worker is a plain Node thread and needs
 * JavaScript: beside this module when that is compiled, under `dist/` when it runs from source, as under Jest;
 * `npm test` compiles first.
 */

import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PerdureError } from '../../../framework/errors';

export function workerFile(name: 'writer-thread' | 'reader-thread'): string {
  if (!__filename.endsWith('.ts')) return join(__dirname, `${name}.js`);
  const root = join(__dirname, '../../..');
  const file = join(root, 'dist', relative(root, __dirname), `${name}.js`);
  if (!existsSync(file)) {
    throw new PerdureError('unavailable', `the embedded store's thread ${file} is not compiled: run npm run build`);
  }
  return file;
}
