/**
 * Composition root of the NATS transport: with the clock, the entropy and the log of the system.
 */

import './node-floor';
import { drawName } from './host/draw-name';
import type { SharedTransport } from './ports/transport';
import { systemClock } from './system/clock';
import { systemEntropy } from './system/entropy';
import { pinoLog } from './system/telemetry';
import { NatsTransport } from './transport/nats/nats-transport';
import type { NatsOptions } from './transport/nats/options';

/**
 * Hosts and callers over NATS, each with a connection of its own: hand one object to one host or client, which closes it.
 * Delivery is at most once per send; a lost reply is an unknown outcome, and the client sends again with the same id.
 */
export function nats(options: NatsOptions): SharedTransport {
  return new NatsTransport(options, {
    clock: systemClock,
    log: pinoLog(),
    drawName: () => drawName(systemEntropy),
  });
}
