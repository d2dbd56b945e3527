/**
 * Death marks: setting other sessions dead, and clearing away what they leave behind (C1, C3).
 *
 * Owns: one marking at a time, which sessions this one has set dead, deleting their heartbeat rows.
 * Does not own: who is suspected (`membership`), what becomes of their shards (`tenure`).
 *
 * Invariants:
 * 1. A session is set dead only if it is suspected, or was never born, or is dead already, at the moment of the marking.
 * 2. `settle` answers true only once `dead` is at quorum by a write of one's own: a read may have seen it on one replica.
 * 3. A heartbeat row goes only after that, and after a later read of one's own session (C2). Nobody needs it then: the
 *    session's own row says dead, for as long as a lease may name it; that row is never deleted.
 */

import { isPlanted } from '../../framework/planted-bugs';
import { MARKED_SESSIONS } from '../config';
import type { Clock } from '../ports/clock';
import type { ClusterStore } from '../ports/cluster-store';
import type { SessionGuard } from '../shard/ownership/session-guard';
import { InFlight } from './in-flight';
import type { Membership } from './membership';
import type { Reached } from './reached';
import { untilOk } from './until-ok';

export interface DeathMarksSettings {
  readonly store: Pick<ClusterStore, 'session' | 'setDead' | 'deleteBeat'>;
  readonly clock: Clock;
  readonly guard: SessionGuard;
  readonly membership: Membership;
  readonly reached: Reached;
}

export class DeathMarks {
  /** Oldest first; one that is forgotten is set dead again. */
  private readonly dead = new Set<string>();
  private readonly line = new InFlight(1);
  private sweeping = false;

  constructor(private readonly settings: DeathMarksSettings) {}

  /** Sets a session dead if it may be; true once its mark is at quorum. Rejects when its row cannot be read. */
  settle(session: string): Promise<boolean> {
    if (this.dead.has(session)) return Promise.resolve(true);
    return this.line.run(() => this.mark(session));
  }

  /** Takes one suspected session out of the membership; the first of the live hosts does, for all. */
  async sweep(): Promise<void> {
    const { membership, guard, store, reached } = this.settings;
    const [gone] = membership.suspected;
    if (
      this.sweeping ||
      gone === undefined ||
      isPlanted('claim-before-dead') ||
      membership.live[0]?.session !== guard.session
    )
      return;
    this.sweeping = true;
    try {
      if (!(await this.settle(gone.session)) || !(await guard.confirm())) return;
      if ((await store.deleteBeat(gone.session)) === 'ok') reached('swept');
    } finally {
      this.sweeping = false;
    }
  }

  private async mark(session: string): Promise<boolean> {
    const { membership, reached } = this.settings;
    if (this.dead.has(session)) return true;
    if (!membership.suspects(session) && !(await this.isDead(session))) return false;
    if (!(await this.setDead(session))) return false;
    const [oldest] = this.dead;
    if (oldest !== undefined && this.dead.size >= MARKED_SESSIONS) this.dead.delete(oldest);
    this.dead.add(session);
    reached('marked');
    return true;
  }

  private async setDead(session: string): Promise<boolean> {
    const { store, clock, guard } = this.settings;
    if (isPlanted('claim-before-dead')) return true;
    if (isPlanted('mark-uncertain')) return (await store.setDead(session)) !== 'refused';
    return untilOk(
      clock,
      () => guard.alive,
      () => store.setDead(session),
    );
  }

  private async isDead(session: string): Promise<boolean> {
    const row = await this.settings.store.session(session);
    return row.dead || !row.born;
  }
}
