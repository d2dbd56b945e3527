/**
 * Model shop: what a host must do with the messages to one entity, ids, attempts and refusals included (S11 to S13).
 */

import { decodeValue, encodeValue } from '../../../framework/codec/value';
import { contract } from '../../../framework/model/handle';
import type { MessageId } from '../../../framework/model/identity';
import { idText, refusal } from '../../activation/replies';
import type { MessageRequest, Reply } from '../../wire/envelope';

/** Keeps a list, and tokens of which one must be there to be taken; `value` says whose call it is. */
export interface Shop {
  add(value: string): Promise<void>;
  give(value: string): Promise<void>;
  take(value: string): Promise<void>;
}

export const shop = contract<Shop>('shop', { add: 'update', give: 'update', take: 'update' });

export class ModelShop {
  /** What was applied, in order. */
  readonly applied: string[] = [];
  private tokens = 0;
  private readonly outcomes = new Map<string, Reply>();
  private readonly doneBelow = new Map<string, number>();

  apply({ method, args, id, attempt }: MessageRequest): Reply {
    if (id === null || !('session' in id)) return refusal('invalid_argument', 'a message has an id of its session');
    const known = this.outcomes.get(idText(id));
    if (known !== undefined) return { ...known, duplicate: true };
    if (this.isOld(id)) return refusal('conflict', 'its outcome is no longer kept', 'too_old');
    const reply = this.perform(method, args);
    if (reply.ok || attempt > 1) this.outcomes.set(idText(id), reply);
    return reply;
  }

  private isOld({ session, n, doneBelow }: Extract<MessageId, { session: string }>): boolean {
    const below = Math.max(this.doneBelow.get(session) ?? 0, doneBelow);
    this.doneBelow.set(session, below);
    return n < below;
  }

  private perform(method: string, args: Uint8Array): Reply {
    if (method === 'take' && this.tokens === 0) return refusal('rejected', 'there is no token');
    if (method !== 'add') this.tokens += method === 'give' ? 1 : -1;
    this.applied.push((decodeValue(args) as [string])[0]);
    return { ok: true, value: encodeValue(undefined), duplicate: false, seq: 1 };
  }
}
