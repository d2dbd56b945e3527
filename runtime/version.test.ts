import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { version } from './version';

it('is the version of package.json', () => {
  const manifest = JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8')) as { version: string };
  expect(version).toBe(manifest.version);
});
