/**
 * Reached: which faults and recovery branches a set of runs must have seen to mean anything.
 *
 * Owns: their names, as `World.count` knows them, and adding up the counts of runs. Does not own: the counting.
 */

/** Every kind of fault that exists. */
export const FAULTS = [
  'clock.jump-ahead',
  'clock.jump-back',
  'cluster.release',
  'disk.full',
  'disk.io-error',
  'disk.tail-lost',
  'host.half-way',
  'machine.drain',
  'network.buffer-dropped',
  'network.cut',
  'network.cut-loss',
  'network.duplicate',
  'network.late',
  'network.loss',
  'network.no-listener',
  'process.crash',
  'process.hour',
  'process.pause',
  'process.stall',
  'store.coordinator-death',
  'store.coordinator-lost',
  'store.cut-beats',
  'store.cut-replies',
  'store.cut-requests',
  'store.hint-loss',
  'store.leg-duplicate',
  'store.leg-late',
  'store.leg-loss',
  'store.leg-unreachable',
  'store.mark-loss',
  'store.no-coordinator',
  'store.no-read-repair',
  'store.paxos-unknown',
  'store.replica-crash',
  'store.replica-cut',
  'store.reply-loss',
  'store.request-loss',
  'store.timeout',
  'store.unavailable',
  'watchdog.exhaust',
  'watchdog.hang',
] as const;

/** Every branch in which something recovers from one. */
export const BRANCHES = [
  'disk.tail-kept',
  'host.claim',
  'host.drained',
  'host.epoch',
  'host.given-back',
  'host.marked',
  'host.session',
  'host.swept',
  'host.takeover',
  'host.unopened',
  'protocol.adopt',
  'protocol.chunk',
  'protocol.delete-bucket',
  'protocol.delete-chunk',
  'protocol.pointer',
  'protocol.row-fence',
  'protocol.row-seal',
  'protocol.row-snapshot',
  'protocol.row-wide',
  'protocol.write-again',
  'routing.asked',
  'routing.declined',
  'routing.frame-again',
  'routing.sent-on',
  'routing.silence',
  'routing.unanswered',
  'routing.unheard',
  'routing.unwanted',
  'routing.working',
  'store.cas-refused',
  'store.cas-unknown',
  'store.hint-played',
  'store.paxos-completed',
  'store.paxos-dropped',
  'store.read-repair',
  'store.replica-back',
  'store.replica-joined',
  'store.speculate',
  'store.write-refused',
  'store.write-unknown',
  'watchdog.kill',
  'watchdog.row',
] as const;

export type Counts = ReadonlyMap<string, number>;

export function addCounts(total: Map<string, number>, counts: Iterable<readonly [string, number]>): void {
  for (const [what, count] of counts) total.set(what, (total.get(what) ?? 0) + count);
}

/** What was reached less than `least` times, in the order of the lists. */
export function notReached(counts: Counts, least: number): readonly string[] {
  return [...FAULTS, ...BRANCHES].filter((what) => (counts.get(what) ?? 0) < least);
}
