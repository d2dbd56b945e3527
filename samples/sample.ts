/**
 * Owns: `npm run sample -- NAME [options]`: runs `NAME/main` as if it had been started itself.
 * Does not own: the samples' options, output and exit codes. An unknown name is bad usage: exit code 2.
 */
import { existsSync, readdirSync } from 'node:fs';
import { runMain } from 'node:module';
import { join } from 'node:path';

const samples = readdirSync(__dirname).filter((name) => existsSync(join(__dirname, name, 'main.js')));
const [name] = process.argv.splice(2, 1);

if (name !== undefined && samples.includes(name)) {
  process.argv[1] = join(__dirname, name, 'main.js');
  runMain();
} else {
  process.stderr.write(`Usage: npm run sample -- NAME [options], where NAME is one of: ${samples.join(', ')}\n`);
  process.exitCode = 2;
}
