/**
 * Outside: the world that activities act upon. It survives every host, and notes each attempt that reaches it.
 *
 * Owns: which activity, by its idempotency key, was begun when, where and for the how-manieth time, and whether its code
 * came to its end. Does not own: what must hold of that (`audit/effect-audit`), what an activity does (the workloads).
 */

import { activityInfo } from '../../../framework/activity';
import type { ServedGroup } from '../../host/hosted-code';
import type { World } from '../world/world';

export interface Attempt {
  readonly idempotencyKey: string;
  readonly activity: string;
  readonly attempt: number;
  readonly host: string;
  /** Virtual time. */
  readonly begunMs: number;
  /** Its code returned; whether that was heard of is another matter. */
  done: boolean;
}

type Deed = (...args: never[]) => Promise<unknown>;

export class Outside {
  readonly attempts: Attempt[] = [];

  constructor(private readonly world: Pick<World, 'count' | 'nowMs'>) {}

  /** A group whose methods are noted before they run. */
  served(name: string, host: { readonly name: string }, deeds: Readonly<Record<string, Deed>>): ServedGroup {
    const noted = Object.entries(deeds).map(([method, deed]) => {
      const activity = `${name}.${method}`;
      return [method, (...args: never[]) => this.noted(activity, host.name, () => deed(...args))] as const;
    });
    return { group: name, target: Object.fromEntries(noted) };
  }

  private async noted(activity: string, host: string, deed: () => Promise<unknown>): Promise<unknown> {
    const { idempotencyKey, attempt } = activityInfo();
    const begunMs = this.world.nowMs;
    const noted: Attempt = { idempotencyKey, activity, attempt, host, begunMs, done: false };
    this.attempts.push(noted);
    this.world.count(attempt === 1 ? 'activity.first-attempt' : 'activity.later-attempt');
    const result = await deed();
    noted.done = true;
    return result;
  }
}
