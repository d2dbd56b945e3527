/**
 * The command `npm run services`: real NATS and Cassandra on this machine without Docker.
 *
 * Exit codes: 0 done, 1 failed, 2 bad usage, 3 not all of them run (status).
 */

import { parseCommand, USAGE, UsageError } from './options';
import { lookAtServices, startServices, stopServices } from './services';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  const { action, wipe, options } = parseCommand(args);
  if (action === 'start') {
    const { nats, cassandra } = await startServices(options, say);
    say(`NATS       nats://${nats.address.host}:${nats.address.port}`);
    say(`Cassandra  ${cassandra.map(({ address }) => `${address.host}:${address.port}`).join(',')}`);
    return 0;
  }
  if (action === 'stop') {
    const ran = await stopServices(options, wipe);
    say(ran.length === 0 ? 'nothing ran' : `stopped ${ran.join(', ')}`);
    return 0;
  }
  const found = await lookAtServices(options);
  for (const { daemon, state } of found)
    say(`${daemon.name.padEnd(12)} ${state}  ${daemon.address.host}:${daemon.address.port}`);
  if (found.length === 0) say('nothing was started here');
  return found.length > 0 && found.every(({ state }) => state === 'running') ? 0 : 3;
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof UsageError) process.stderr.write(`\n${USAGE}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
