/**
 * Alarms: what hosts of a simulated site say to the people who run them.
 *
 * Owns: counting each message, and keeping those that no fault excuses. Does not own: what a host finds worth saying.
 */

import { isPerdureError } from '../../../framework/errors';
import { isPoison } from '../../activation/poison';
import type { Log, LogFields } from '../../ports/telemetry';
import { silentLog } from '../../ports/telemetry';
import { casualtiesOf } from '../faults/casualties';
import { isForNewerBuild } from './site';
import type { World } from '../world/world';

export class Alarms {
  readonly raised: string[] = [];

  constructor(private readonly world: World) {}

  of(host: string): Log {
    return {
      ...silentLog,
      warn: (_fields, message) => this.world.count(`log.${kindOf(message)}`),
      error: (fields, message) => {
        this.world.count(`log.${kindOf(message)}`);
        this.alarm(host, fields, message);
      },
    };
  }

  private alarm(host: string, { error, entity }: LogFields, message: string): void {
    if (!(error instanceof Error) || isExcused(error)) return;
    if (isPoison(error) && casualtiesOf(this.world).excuse(error.message)) return;
    this.raised.push(`${host}: ${String(entity)}: ${message}: ${error.stack ?? error.message}`);
  }
}

/**
 * A store that cannot be reached is a fault of the world, whatever it keeps a host from; and an older build need not
 * repeat what a newer one recorded.
 */
function isExcused(error: Error): boolean {
  return isPerdureError(error) && (error.code === 'unavailable' || isForNewerBuild(error));
}

/** What a message is about, without the particulars that follow a colon. */
function kindOf(message: string): string {
  return message.split(':', 1)[0] ?? message;
}
