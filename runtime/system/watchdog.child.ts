/**
 * Run as a process of its own by `watchdog.test`: a host on a directory, whose entities' steps end or do not.
 *
 * The arguments are the directory, the bounds of the watchdog and the calls to make, as JSON. Each call's answer is a
 * line of JSON on standard output; so is what stands in the file of running steps once the host has stopped.
 */

import 'reflect-metadata';
import { existsSync, writeSync } from 'node:fs';
import { open } from 'node:inspector';
import { join } from 'node:path';
import { Entity, Query, Signal, Update } from '../../framework';
import { isPerdureError } from '../../framework/errors';
import { sqlite, startHost } from '../node';
import { silentLog } from '../ports/telemetry';
import { readRunningFile } from '../store/embedded/running-file';

const [directory = '', boundsText = '{}', callsText = '[]'] = process.argv.slice(2);
const options = JSON.parse(boundsText) as {
  bounds: { suspectMs?: number; killMs?: number; lookMs?: number };
  build: string;
  inspect?: boolean;
  hangOnReplay?: boolean;
};

function never(): void {
  while (!existsSync(join(directory, 'never')));
}

@Entity('victim')
class Victim {
  total = 0;

  @Update() add(by: number): number {
    if (options.hangOnReplay) never();
    return (this.total += by);
  }
  @Update() hang(): void {
    never();
  }
  @Signal() poke(): void {
    never();
  }
  @Query() seen(): number {
    return this.total;
  }
  @Update() bomb(): number {
    const hoard: number[][] = [];
    for (;;) hoard.push(new Array<number>(10_000).fill(hoard.length));
  }
  /** Ends once it has a row. */
  @Update() slow(): string {
    while (readRunningFile(directory).table.standing(Infinity).length === 0);
    return 'slow';
  }
  /** Ends once the file `go` is there. */
  @Update() wait(): string {
    tell('waiting');
    while (!existsSync(join(directory, 'go')));
    return 'waited';
  }
}

function tell(what: unknown): void {
  writeSync(1, `${JSON.stringify(what)}\n`);
}

async function main(): Promise<void> {
  if (options.inspect) open(0);
  const { build, bounds } = options;
  const store = sqlite(directory);
  const host = await startHost({ entities: [Victim], store, build, log: silentLog, watchdog: bounds });
  for (const [id, method, ...args] of JSON.parse(callsText) as [string, string, ...unknown[]][]) {
    const victim = host.client.call(host.client.entity(Victim, id), { messageId: `${method} 1` });
    const call = (victim as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>)[method];
    const asked = method === 'describe' ? host.client.describe(victim).then(({ held }) => held) : call?.(...args);
    tell(await Promise.resolve(asked).then((value) => value ?? null, codeOf));
  }
  await host.stop();
  tell(readRunningFile(directory).table.standing(Infinity));
}

function codeOf(error: unknown): string {
  return isPerdureError(error) ? `${error.code} ${error.reason}` : String(error);
}

void main();
