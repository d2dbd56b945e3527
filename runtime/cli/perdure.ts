#!/usr/bin/env node
/**
 * Owns: the `perdure` command: what it prints and its exit codes (0 done, 1 the request failed, 2 bad usage, 3 unavailable).
 * Does not own: the Node check (node-floor), which runs before anything else is loaded; so that it can, this file keeps
 * to syntax that an old Node parses.
 */
import '../node-floor';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const usage = `perdure: durable entities for TypeScript

Usage: perdure [--version | --help]
       perdure host MODULE      run the host that the module's default export describes, defineHost({ … })
       perdure worker MODULE    run a worker for activities, defineWorker({ … }); neither opens a port

  -v, --version  print the version and exit
  -h, --help     print this text and exit
`;

/** Version of the package this file was installed with. */
function installedVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(__dirname, '../../../package.json'), 'utf8'));
  return (manifest as { version: string }).version;
}

/** Runs the command on `args` (without node and script) and resolves with its exit code. */
async function main(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (rest.length === 0 && (first === '--version' || first === '-v')) {
    process.stdout.write(`${installedVersion()}\n`);
    return 0;
  }
  if (rest.length === 0 && (first === '--help' || first === '-h')) {
    process.stdout.write(usage);
    return 0;
  }
  const [path, ...more] = rest;
  if ((first === 'host' || first === 'worker') && path !== undefined && more.length === 0) {
    const { runModule } = await import('./run-module.js');
    // What the module has opened may outlive its host.
    process.exit(await runModule(first, path));
  }
  const stranger = rest.length > 0 ? rest[0] : first;
  const complaint = stranger === undefined ? 'no argument given' : `unknown argument '${stranger}'`;
  process.stderr.write(`perdure: ${complaint}; see perdure --help\n`);
  return 2;
}

void main(process.argv.slice(2)).then((code) => (process.exitCode = code));
