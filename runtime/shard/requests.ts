/**
 * Requests: what each kind of request does to a shard's entities.
 *
 * Owns: checking a request, building its arguments on receipt (S10), and the answers of operators' requests.
 * Does not own: the entity's own order of things (`activation`).
 */

import { decodeValue, encodeValue } from '../../framework/codec/value';
import { PerdureError } from '../../framework/errors';
import { unknownMethod } from '../../framework/model/definition';
import type { EntityDefinition } from '../../framework/model/definition';
import { checkId, keyText } from '../../framework/model/identity';
import type { Instance } from '../../framework/core/instance';
import type { Activation } from '../activation/activation';
import { describeEntity } from '../activation/describe';
import { historyPage } from '../activation/history-view';
import type { Delivery } from '../activation/mailbox';
import { argumentsName, queryName } from '../activation/poison';
import { errorReply, idText, openReply, refusal, valueReply } from '../activation/replies';
import type { Answer } from '../activation/replies';
import { repeat } from '../activation/repeat';
import type { StoreSession } from '../ports/history-store';
import type {
  DirectoryRequest,
  EntityRequest,
  MessageRequest,
  OperationStatus,
  Reply,
  Request,
} from '../wire/envelope';
import type { Shard } from './shard';

/** Never rejects. */
export async function answerRequest(shard: Shard, request: Request): Promise<Reply> {
  try {
    if (request.op === 'message') return await deliver(shard, request);
    if ('key' in request) return await answerEntityRequest(shard, request);
    return await answerDirectoryRequest(shard.session, request);
  } catch (error) {
    return errorReply(error);
  }
}

/** Never rejects. Any host of a cluster can answer, whichever shards it owns. */
export async function answerDirectoryRequest(
  directory: Pick<StoreSession, 'list' | 'count'>,
  request: DirectoryRequest,
): Promise<Reply> {
  try {
    if (request.op === 'list') return valueReply(await directory.list(request.query));
    return valueReply(await directory.count(request.filter));
  } catch (error) {
    return errorReply(error);
  }
}

function deliver(shard: Shard, request: MessageRequest): Promise<Reply> {
  const { key } = request;
  const definition = shard.definition(key.type);
  if (definition === null) throw new PerdureError('unavailable', `no host serves the type ${key.type}`);
  checkId(key.id, `id of ${key.type}`);
  const activation = shard.activation(key);
  return new Promise((answer) => activation.deliver(prepare(shard, definition, request, answer)));
}

/** Builds the arguments; what is wrong with them is said when the message's turn comes (S13). */
function prepare({ poison }: Shard, definition: EntityDefinition, request: MessageRequest, answer: Answer): Delivery {
  const { key, message, method, args: bytes, id, attempt, submit } = request;
  const name = argumentsName(id === null ? queryName(method, bytes) : idText(id));
  let args: readonly unknown[] | null = null;
  let error: unknown = poison.refusal(key, name);
  let encoded = bytes;
  if (error === null) {
    try {
      args = poison.aside(key, name, () => build(definition, request));
      if (message !== 'query') encoded = encodeValue(args, { classes: 'plain' });
    } catch (refused) {
      error = refused;
    }
    poison.doneWith(key, name)?.();
  }
  const input =
    message === 'query' || id === null
      ? null
      : ({ kind: 'message', message, method, args: encoded, id, attempt, submitted: submit } as const);
  return { request, input, args, error, answer };
}

function build(definition: EntityDefinition, { key, message, method: name, args, id }: MessageRequest): unknown[] {
  const method = definition.methods.get(name);
  if (method === undefined || method.kind === 'reminder' || method.kind === 'every')
    throw unknownMethod(definition, keyText(key), name);
  if (method.kind !== message) {
    throw new PerdureError(
      'invalid_argument',
      `${keyText(key)}: ${name} is a ${method.kind}, not a ${message}: the caller's contract is out of date`,
    );
  }
  if (message !== 'query' && id === null)
    throw new PerdureError('invalid_argument', `${keyText(key)}: a ${message} needs a message id`);
  if (id !== null && 'given' in id) checkId(id.given, `message id for ${keyText(key)}`);
  const values = decodeValue(args, `arguments of ${name}`);
  if (!Array.isArray(values))
    throw new PerdureError('invalid_argument', `${keyText(key)}: the arguments of ${name} are not a list`);
  return method.args.build(values, `${definition.type}.${name}`);
}

async function answerEntityRequest(shard: Shard, request: EntityRequest): Promise<Reply> {
  const { key } = request;
  if (request.op === 'history') {
    const page = await historyPage(shard.session, key, request.fromSeq, request.limit);
    return page.entries.length === 0 && request.fromSeq === 1 ? notFound(request) : valueReply(page);
  }
  if (request.op === 'operator' && request.action === 'resume') shard.poison.pardon(key);
  const activation = shard.activation(key);
  if (request.op === 'promise') {
    const { name, outcome } = request;
    return new Promise((settled) => activation.continue({ input: { kind: 'promise', name, outcome }, settled }));
  }
  if (request.op === 'operator') {
    const { action, reason } = request;
    return new Promise((settled) => activation.continue({ input: { kind: 'operator', action, reason }, settled }));
  }
  return new Promise((answer) => {
    activation.inspect(
      (instance) => {
        const exists = instance !== null && (instance.ledger.born || request.op === 'operation');
        if (!exists) answer(notFound(request));
        else look(shard, activation, instance, request, answer);
      },
      cannotLook(request, answer),
    );
  });
}

/** Whoever asks for an outcome is told none. */
function cannotLook({ op }: EntityRequest, answer: Answer): (error: unknown) => void {
  return (error) => answer(op === 'operation' || op === 'result' ? openReply(error) : errorReply(error));
}

function look(shard: Shard, activation: Activation, instance: Instance, request: EntityRequest, answer: Answer): void {
  switch (request.op) {
    case 'describe':
      activation.commit.reply(
        answer,
        valueReply(describeEntity(activation, instance, shard.runner.describe(request.key))),
      );
      return;
    case 'result':
      activation.callers.followEnd(instance, answer);
      return;
    case 'operation':
      lookAtOperation(activation, instance, request, answer);
      return;
    default:
      answer(refusal('invalid_argument', `unknown request ${request.op}`));
  }
}

function lookAtOperation(
  activation: Activation,
  instance: Instance,
  request: Extract<EntityRequest, { op: 'operation' }>,
  answer: Answer,
): void {
  const { id, wait } = request;
  const { ledger } = instance;
  const missing = ledger.dedupe.missingSegments();
  if (missing.length > 0 && 'given' in id) {
    activation.loadSegments();
    activation.inspect(
      (loaded) => (loaded === null ? answer(notFound(request)) : lookAtOperation(activation, loaded, request, answer)),
      cannotLook(request, answer),
    );
    return;
  }
  const known = ledger.dedupe.find(id);
  if (known === null) {
    const fact = `${activation.name}: no message ${idText(id)} is known, or its outcome is no longer kept`;
    activation.commit.reply(answer, wait ? refusal('not_found', fact) : status('unknown'));
  } else if (known.seq > 0) {
    if (wait)
      repeat(
        activation,
        activation.commit,
        { message: 'update', submit: false },
        { seq: known.seq, index: known.index },
        answer,
      );
    else
      repeat(
        activation,
        activation.commit,
        { message: 'update', submit: false },
        { seq: known.seq, index: known.index },
        (reply) => answer(wasRead(reply) ? status(reply.ok ? 'succeeded' : 'failed') : reply),
      );
  } else if (ledger.ended) {
    activation.commit.reply(answer, wait ? activation.callers.endReply(instance) : status('failed'));
  } else if (wait) activation.callers.follow(id, answer, true);
  else
    activation.commit.reply(answer, status(ledger.held !== null || ledger.operatorHold !== null ? 'held' : 'pending'));
}

/** False for a reply that says only that the outcome could not be read: that is no outcome. */
function wasRead(reply: Reply): boolean {
  return reply.ok || (reply.error.code !== 'unavailable' && reply.error.reason !== 'corrupt');
}

function status(value: OperationStatus): Reply {
  return valueReply(value);
}

function notFound({ key }: EntityRequest): Reply {
  return refusal('not_found', `${keyText(key)} does not exist: nothing has created it`);
}
