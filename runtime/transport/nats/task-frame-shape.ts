/**
 * Task frame shape: whether what was decoded is a frame of hosts and workers, whoever sent it.
 */

import type { Shape } from './shape';
import { isAddressed, isListOf, isNumber, isShape, isText } from './shape';

export function isTaskFrame({ kind, ...value }: Shape): boolean {
  const { worker, from, n, task, news } = value;
  switch (kind) {
    case 'room':
      return isText(worker) && isText(value['queue']) && isNumber(value['room']) && isListOf(value['groups'], isText);
    case 'task':
      return isText(from) && isNumber(n) && isTask(task);
    case 'news':
      return isText(worker) && isNumber(n) && isNews(news);
    case 'order':
      return isText(from) && isNumber(n) && isOneOf(value['order'], ORDERS) && isText(value['reason']);
    default:
      return false;
  }
}

const ORDERS = ['stop', 'drop', 'heard'];

function isTask(task: unknown): boolean {
  if (!isShape(task) || !isAddressed(task['key']) || !isText(task['key']['id'])) return false;
  const { queue, group, method, effect, attempt, scheduledAt, limitMs, heartbeat } = task;
  if (![queue, group, method].every(isText) || ![effect, attempt, scheduledAt].every(isNumber)) return false;
  if (limitMs !== null && !isNumber(limitMs)) return false;
  return task['args'] instanceof Uint8Array && (heartbeat === null || heartbeat instanceof Uint8Array);
}

function isNews(news: unknown): boolean {
  if (!isShape(news)) return false;
  if (news['kind'] === 'beat') return news['details'] instanceof Uint8Array;
  return news['kind'] === 'ended' ? isEnd(news['end']) : isOneOf(news['kind'], ['busy', 'began']);
}

function isEnd(end: unknown): boolean {
  if (!isShape(end)) return false;
  const { kind, failure, final, code } = end;
  if (kind === 'value') return end['value'] instanceof Uint8Array;
  if (kind === 'failed') return isFailure(failure) && typeof final === 'boolean';
  if (kind === 'unusable') return isFailure(failure) && isOneOf(code, ['invalid_result', 'too_large']);
  return kind === 'unknown' || (kind === 'lost' && isText(end['why']));
}

function isFailure(failure: unknown): boolean {
  if (!isShape(failure) || !isText(failure['kind']) || !isText(failure['code'])) return false;
  return isText(failure['message']) && (failure['cause'] === null || isFailure(failure['cause']));
}

function isOneOf(value: unknown, all: readonly string[]): boolean {
  return isText(value) && all.includes(value);
}
