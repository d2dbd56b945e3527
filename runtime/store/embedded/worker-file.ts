/**
 * Worker file: where the compiled module of a thread lies.
 *
 * Owns: the one difference between running compiled and running from source. A worker is a plain Node thread and needs
 * JavaScript: beside this module when that is compiled, under `dist/` when it runs from source (Jest). What is compiled
 * must not be older than its source, or a test would say something of code that is gone.
 */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PerdureError } from '../../../framework/errors';

const SOURCE = /\.ts$/;
const NO_WORKER = /\.(test|contract|fixture|child|d)\.ts$/;

export function workerFile(name: 'writer-thread' | 'reader-thread'): string {
  if (!SOURCE.test(__filename)) return join(__dirname, `${name}.js`);
  const root = join(__dirname, '../../..');
  const file = join(root, 'dist', relative(root, __dirname), `${name}.js`);
  const builtAt = existsSync(file) ? statSync(join(root, 'dist/runtime.tsbuildinfo')).mtimeMs : 0;
  const sources = readdirSync(__dirname).filter((source) => SOURCE.test(source) && !NO_WORKER.test(source));
  const changedAt = Math.max(...sources.map((source) => statSync(join(__dirname, source)).mtimeMs));
  if (builtAt < changedAt) {
    throw new PerdureError(
      'unavailable',
      `the embedded store's threads are not compiled since ${__dirname} changed: run npm run build`,
    );
  }
  return file;
}
