/**
 * Holdings: all shards of one session of a host.
 *
 * Owns: which are on their way in or out, how many at a time. Does not own: one shard's way (`tenure`), where it should
 * be (`placement`).
 *
 * Invariants: what hangs at one shard stops no other; at most HANDOVERS_IN_FLIGHT shards are being given back, the
 * others serve on meanwhile.
 */

import { HANDOVERS_IN_FLIGHT } from '../config';
import type { PerdureError } from '../../framework/errors';
import { InFlight } from './in-flight';
import { Tenure } from './tenure';
import type { TenureSettings } from './tenure';

export class Holdings {
  private readonly tenures = new Map<number, Tenure>();
  private readonly handovers = new InFlight(HANDOVERS_IN_FLIGHT);
  /** Those that are given back, or wait for it. */
  private readonly going = new Set<number>();

  constructor(private readonly settings: TenureSettings) {}

  /** Moves towards owning these shards and no others; those that another live host holds are left alone until it gives them back. */
  aim(wanted: ReadonlySet<number>, held: (shard: number) => boolean): void {
    for (const shard of wanted) if (!this.tenures.has(shard)) this.tenures.set(shard, new Tenure(shard, this.settings));
    for (const [shard, tenure] of this.tenures) {
      tenure.wanted = wanted.has(shard);
      if (tenure.mustGo) void this.giveBack(tenure);
      else if (tenure.wanted) {
        if (tenure.open === null && (tenure.epoch !== null || !held(shard))) void tenure.take();
      } else if (tenure.free) this.tenures.delete(shard);
      else void this.giveBack(tenure);
    }
  }

  /** Of shards that are wanted, whether all are served. */
  get settled(): boolean {
    return [...this.tenures.values()].every(({ wanted, open }) => wanted && open !== null);
  }

  get empty(): boolean {
    return this.tenures.size === 0;
  }

  get all(): readonly Tenure[] {
    return [...this.tenures.values()];
  }

  of(shard: number): Tenure | null {
    return this.tenures.get(shard) ?? null;
  }

  close(error: PerdureError): void {
    for (const tenure of this.tenures.values()) tenure.close(error);
    this.tenures.clear();
  }

  private async giveBack(tenure: Tenure): Promise<void> {
    const { number } = tenure;
    if (this.going.has(number)) return;
    this.going.add(number);
    await this.handovers.run(() => tenure.giveBack());
    this.going.delete(number);
  }
}
