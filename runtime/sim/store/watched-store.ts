/**
 * Watched store: a host's store that dies of some writes, and whose use is counted by what it is for.
 *
 * Owns: deaths half-way through a write; the names of the protocol's branches as they show at the store.
 * Does not own: the store (`sim-store`), what is right (the invariants).
 */

import { ROW_KIND } from '../../../framework/core/history';
import type { EntityKey } from '../../../framework/model/identity';
import type {
  Beat,
  DirectoryPart,
  IndexEntry,
  IndexPart,
  Lease,
  Listing,
  Pointer,
  WriteOutcome,
} from '../../ports/cluster-store';
import type { Row } from '../../ports/history-store';
import { WIDE } from '../../shard/ownership/wide-rows';
import type { Place, Running } from '../../ports/watchdog';
import { casualtiesOf } from '../faults/casualties';
import type { FaultDial } from '../faults/fault-profile';
import { profileOf } from '../faults/fault-profile';
import type { SimStream } from '../world/random';
import type { SimProcess } from '../world/sim-process';
import { SimStore } from './sim-store';
import type { StoreCluster } from './store-cluster';
import { openingName } from './store-cluster';

const KINDS = new Map(Object.entries(ROW_KIND).map(([name, kind]) => [kind as number, name]));

export class WatchedStore extends SimStore {
  private readonly draw: SimStream;
  private readonly marks: SimStream;
  /** Places of rows that this host has issued. */
  private readonly own = new Set<string>();

  constructor(
    private readonly shared: StoreCluster,
    private readonly host: SimProcess,
    private readonly dial: FaultDial,
  ) {
    super(shared, host);
    this.draw = host.world.random.stream(`half-way.${host.name}`);
    this.marks = host.world.random.stream(`mark-loss.${host.name}`);
  }

  override writeBeat(beat: Beat): Promise<WriteOutcome> {
    const { builds } = this.shared;
    const said = builds.get(beat.ordinal);
    if (said === undefined) builds.set(beat.ordinal, new Set([beat.build]));
    else said.add(beat.build);
    return super.writeBeat(beat);
  }

  override setDead(session: string): Promise<WriteOutcome> {
    this.count('mark-dead');
    if (!this.marks.chance(this.dial.profile.hosts.markLoss)) return super.setDead(session);
    this.host.world.count('store.mark-loss');
    return super.session(session).then(unknown, unknown);
  }

  override casLease(shard: number, expected: Lease | null, next: Lease): Promise<WriteOutcome> {
    this.count(next.owner === '' ? 'give-back' : 'take-over');
    if (next.owner !== '') this.opening(shard, next.epoch);
    return super.casLease(shard, expected, next);
  }

  override writeRunning(place: Place, order: number, running: Running | null): Promise<WriteOutcome> {
    if (running !== null) casualtiesOf(this.host.world).issued(place, running);
    return super.writeRunning(place, order, running);
  }

  override writeStable(shard: number, epoch: number): Promise<WriteOutcome> {
    casualtiesOf(this.host.world).settled({ shard, epoch });
    return super.writeStable(shard, epoch);
  }

  override writeRows(key: EntityKey, bucket: number, rows: readonly Row[]): Promise<WriteOutcome> {
    for (const { kind } of rows) {
      this.count(`row-${KINDS.get(kind & ~WIDE) ?? 'unknown'}`);
      if ((kind & WIDE) !== 0) this.count('row-wide');
    }
    const known = this.isKnown(key, rows);
    return this.halfWay(known, () => super.writeRows(key, bucket, rows));
  }

  override deleteBucket(key: EntityKey, bucket: number): Promise<WriteOutcome> {
    this.count('delete-bucket');
    return super.deleteBucket(key, bucket);
  }

  override deleteBlob(key: EntityKey, name: string): Promise<WriteOutcome> {
    this.count('delete-chunk');
    return super.deleteBlob(key, name);
  }

  override writePointer(key: EntityKey, pointer: Pointer): Promise<WriteOutcome> {
    this.count('pointer');
    return super.writePointer(key, pointer);
  }

  override writeBlob(key: EntityKey, name: string, bytes: Uint8Array): Promise<WriteOutcome> {
    this.count(name.startsWith('row-') ? 'chunk' : 'segment');
    return super.writeBlob(key, name, bytes);
  }

  override deleteEntries(shard: number, part: IndexPart, entries: readonly IndexEntry[]): Promise<WriteOutcome> {
    this.count(`delete-${part.kind}`);
    return super.deleteEntries(shard, part, entries);
  }

  override clearPart(shard: number, part: IndexPart): Promise<WriteOutcome> {
    this.count(`clear-${part.kind}`);
    return super.clearPart(shard, part);
  }

  override writeEntries(shard: number, part: IndexPart, entries: readonly IndexEntry[]): Promise<WriteOutcome> {
    this.count(`index-${part.kind}`);
    return super.writeEntries(shard, part, entries);
  }

  private opening(shard: number, epoch: number): void {
    const { world } = this.host;
    const { openedAtMs } = this.shared;
    const name = openingName(shard, epoch);
    if (!openedAtMs.has(name)) openedAtMs.set(name, world.nowMs);
    casualtiesOf(world).opening({ shard, epoch }, this.host);
  }

  /** Some host has issued the first of these rows before. */
  private isKnown(key: EntityKey, rows: readonly Row[]): boolean {
    const { issued } = this.shared;
    const [first] = rows;
    const place = `${first?.epoch}.${first?.seq}.${key.type}.${key.id}`;
    const known = issued.has(place);
    if (known) this.count(this.own.has(place) ? 'write-again' : 'adopt');
    issued.add(place);
    this.own.add(place);
    return known;
  }

  override writeListings(part: DirectoryPart, listings: readonly Listing[]): Promise<WriteOutcome> {
    this.count('listing');
    const { namespace, type } = part;
    for (const listing of listings) this.shared.listed.push({ key: { namespace, type, id: listing.id }, listing });
    return super.writeListings(part, listings);
  }

  /** Now and then ends the host in the middle of a write, and the coordinator with it. */
  private halfWay(known: boolean, write: () => Promise<WriteOutcome>): Promise<WriteOutcome> {
    const { profile } = this.dial;
    const { halfWay, halfWayAgain } = profile.hosts;
    if (!this.draw.chance(known ? halfWayAgain : halfWay)) return write();
    this.host.world.count('host.half-way');
    const deadly = profileOf(profile.name, { store: { coordinatorDeath: 1 } }, profile);
    const outcome = this.dial.during(deadly, write);
    this.host.crash();
    return outcome;
  }

  private count(branch: string): void {
    this.host.world.count(`protocol.${branch}`);
  }
}

function unknown(): WriteOutcome {
  return 'unknown';
}
