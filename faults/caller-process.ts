/**
 * One caller of a fault run: puts load on the cluster, and tells its parent what it was told, and when (`Told`).
 *
 * Any message ends it, once what is under way has ended.
 */

import { connect, nats } from 'perdure/client';
import type { PerdureClient } from 'perdure/client';
import type { LoadName, Told } from './loads';
import { times } from '../runtime/sim/workloads/calling';
import { currentEra, loadOf } from './loads';
import type { CallerProcessOptions } from './process-options';
import { optionsOf } from './process-options';
import { realCaller } from './real-caller';

/** Operations after which a lane looks whether it is to go on, and with which entities. */
const STINT = 10;
const PATIENCE_MS = 40_000;

let ending = false;

async function main(options: CallerProcessOptions): Promise<void> {
  const client = await connect(nats({ servers: options.nats, prefix: options.prefix }));
  process.once('message', () => (ending = true));
  process.send?.('ready');
  await Promise.all(options.lanes.map((load, lane) => work(client, options, load, `${options.name}.${lane + 1}`)));
  await client.close();
  process.disconnect();
}

async function work(
  client: PerdureClient,
  { pauseMs }: CallerProcessOptions,
  load: LoadName,
  lane: string,
): Promise<void> {
  for (let stint = 1; !ending; stint += 1) {
    const caller = realCaller({ name: `${lane}.${stint}`, client, patienceMs: PATIENCE_MS, pauseMs });
    const era = currentEra();
    const tell = (what: Told['heard']): void => void process.send?.({ load, era, lane, heard: what } satisfies Told);
    await loadOf(load, era, { heard: tell }).call(caller, times(STINT));
  }
}

main(optionsOf()).catch((error: unknown) => {
  process.stderr.write(`caller: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
