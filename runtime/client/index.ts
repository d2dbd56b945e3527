/**
 * `perdure/client`: what code outside entities imports to reach them.
 *
 * Owns: the composition of a client with the clock and entropy of the system. `connect` and a host that are handed the
 * same `memory()` are connected; nothing leaves the process.
 */

import '../node-floor';
import type { SharedTransport, Transport } from '../ports/transport';
import { systemClock } from '../system/clock';
import { systemEntropy } from '../system/entropy';
import { createClient } from './client';
import type { ClientOptions } from './client';
import type { PerdureClient } from './types';

export type ConnectOptions = Omit<ClientOptions, 'transport' | 'clock' | 'entropy' | 'release'>;

/**
 * A client over `transport`. Resolves before any host serves: calls wait for one until their timeout. Rejects when the
 * servers of a `nats()` cannot be reached; closing the client closes that connection.
 */
export async function connect(
  transport: Transport | SharedTransport,
  options: ConnectOptions = {},
): Promise<PerdureClient> {
  const shared = 'open' in transport ? transport : null;
  await shared?.open();
  const release = async (): Promise<void> => shared?.close();
  return createClient({ ...options, transport, clock: systemClock, entropy: systemEntropy, release });
}

export { PerdureError, isPerdureError } from '../../framework/errors';
export type { ErrorCode } from '../../framework/errors';
export type { Duration } from '../../framework/model/duration';
export { contract } from '../../framework/model/handle';
export type { Contract, ContractKind, EntityReference, Handle } from '../../framework/model/handle';
export type { EntityStatus, IndexedValue } from '../ports/history-store';
export type { Transport } from '../ports/transport';
export { nats } from '../nats';
export type { NatsInboxOptions, NatsOptions, NatsTls } from '../transport/nats/options';
export { memory } from '../transport/memory-transport';
export type * from '../wire/description';
export type { OperationStatus } from '../wire/envelope';
export type { DeadLetter, DeadLetterOptions } from './dead-letters';
export type { CountOptions, HistoryOptions, ListOptions, ListedEntity } from './directory';
export type { ReplyInfo } from './exchange';
export type { FieldCondition, IndexableField, OrderBy, Selection, Where } from './filter';
export type { Operation, WaitOptions } from './operation';
export type { AnyHandle, CallOptions, PerdureClient, Submitting } from './types';
