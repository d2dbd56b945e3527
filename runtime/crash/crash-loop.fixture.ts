/**
 * Crash loop: callers and a host that is killed again and again on one directory (R6).
 *
 * Owns: cycles, the moments of the kills, resending what was not answered under the same id. Does not own: what must be
 * true afterwards (`model`, `audit`).
 *
 * Each caller has one message out at a time. What had no answer when the host died is sent again with the same id to the
 * next one; what had an id of the client library, and a part of the rest, is given up and may be there once or not.
 */

import { join } from 'node:path';
import { audit } from './audit.fixture';
import { Model } from './model.fixture';
import type { Message } from './model.fixture';
import { CLIENTS } from './protocol.fixture';
import { Random } from './random.fixture';
import { Victim } from './victim.fixture';

const CALLERS = 12;
/** A host that says nothing for so long is stuck. */
const STUCK_MS = 20_000;

export class CrashLoop {
  readonly model = new Model();
  readonly random: Random;
  readonly effects: string;
  kills = 0;
  acknowledged = 0;
  resent = 0;
  private standby = new Victim();
  private readonly open: (Message | null)[] = Array.from({ length: CALLERS }, () => null);

  constructor(
    readonly directory: string,
    seed: number,
  ) {
    this.random = new Random(seed);
    this.effects = join(directory, 'effects.txt');
  }

  /** Stops at the first problem. */
  async run(kills: number, auditEvery: number): Promise<void> {
    while (this.kills < kills && this.model.problems.length === 0) {
      await this.cycle();
      if (this.kills % auditEvery === 0 || this.kills >= kills) {
        const last = this.kills >= kills;
        await this.audited(last || this.random.below(2) === 0);
      }
    }
    await this.standby.kill();
  }

  /** A host of the directory, about to open it. The next one is loaded meanwhile. */
  private async begin(): Promise<Victim> {
    const victim = this.standby;
    this.standby = new Victim();
    await victim.open(join(this.directory, 'data'), this.effects);
    return victim;
  }

  private async cycle(): Promise<void> {
    const victim = await this.begin();
    const enough = this.random.below(10) < 3 ? 0 : 1 + this.random.below(60);
    const delayMs = this.random.below(enough === 0 ? 150 : 4);
    let acks = 0;
    let strike: () => void = () => undefined;
    const struck = new Promise<void>((resolve) => (strike = resolve));
    const stuck = setTimeout(() => {
      this.model.problem(`the host answered ${acks} of ${enough} messages and then nothing for ${STUCK_MS} ms`);
      strike();
    }, STUCK_MS);
    const arm = (): unknown => setTimeout(strike, delayMs);
    if (enough === 0) arm();
    const callers = this.open.map((_, caller) =>
      this.call(victim, caller, () => {
        if ((acks += 1) === enough) arm();
        return true;
      }),
    );
    await struck;
    clearTimeout(stuck);
    await victim.kill();
    await Promise.all(callers);
    this.kills += 1;
    for (const error of victim.errors) this.model.problem(`the host said: ${error}`);
  }

  /** One caller until the host is gone, or `more` says that it is enough. */
  private async call(victim: Victim, caller: number, more: (() => boolean) | null): Promise<void> {
    let message = this.takeOpen(caller);
    do {
      if (message === null && more === null) return;
      message ??= this.model.next(this.random, caller);
      this.open[caller] = message;
      const outcome = await this.send(victim, message);
      if (outcome === null) return;
      this.open[caller] = message = null;
      this.acknowledged += 1;
    } while (more === null || more());
  }

  /** What the last host did not answer, unless it is given up. */
  private takeOpen(caller: number): Message | null {
    const message = this.open[caller] ?? null;
    this.open[caller] = null;
    if (message === null || !message.given || this.random.below(10) === 0) return null;
    this.resent += 1;
    return message;
  }

  private async send(victim: Victim, message: Message): Promise<unknown> {
    const { type, entity, method, item, given, caller } = message;
    const order = { kind: 'call', type, entity, method, args: [item], client: caller % CLIENTS } as const;
    const outcome = await victim.ask({ ...order, messageId: given ? item : null });
    if (outcome !== null) this.model.received(message, outcome);
    return outcome;
  }

  /** All that is open is answered, then everything is compared. With `finish` the generation comes to its end. */
  private async audited(finish: boolean): Promise<void> {
    const victim = await this.begin();
    await Promise.all(this.open.map((_, caller) => this.call(victim, caller, null)));
    await audit(this, victim, finish);
    if (finish) this.model.nextGeneration();
  }
}
