/**
 * A worker that a test starts and kills: NATS, prefix, queue and the path of a file it notes its activities in.
 */

import { appendFileSync } from 'node:fs';
import { activities } from '../framework';
import { nats, serve, startWorker } from '.';
import { Renderer } from './renderer.fixture';

const [servers = '', prefix = '', queue = '', notes = ''] = process.argv.slice(2);
const render = activities<Renderer>('worker-render');

async function main(): Promise<void> {
  const renderer = new Renderer((line) => appendFileSync(notes, `${queue} ${line}\n`));
  await startWorker({
    activities: [serve(render, renderer)],
    transport: nats({ servers, prefix, replyGroup: 'worker' }),
    queues: [queue],
  });
  appendFileSync(notes, `${queue} ready\n`);
}

void main();
