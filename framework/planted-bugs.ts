/**
 * Planted bugs: named mistakes that the simulator switches on, to show that it would find them.
 *
 * Owns: their names, and which is on: none, unless the simulator says so. Does not own: what each does; the line that
 * asks says so. Lint lets `runtime/sim` alone call `plantBug`.
 */

/** In the order of the alphabet, each with what goes wrong. */
export const PLANTED_BUGS = {
  'acknowledge-before-write': 'a reply leaves before its turn is written (C5)',
  'admitted-last-first': 'of the messages that wait in an entity the last is applied first (S6)',
  'admitted-lost-in-snapshot': 'a snapshot leaves out what was admitted and not applied yet (S2, S24)',
  'adopted-not-indexed': 'what wakes an adopted entity is not entered into the new epoch (C6)',
  'adoption-lists-nothing': 'an owner does not write the directory row of what it adopts (C10)',
  'again-lost-in-snapshot': 'a snapshot leaves out when `run()` begins again (S22, S24)',
  'answer-without-session-read': 'a query is answered without a later read of the own session (S8, C2)',
  'asked-for-outcome-deleted': 'a bucket is deleted though an outcome in it may still be asked for (S11, C8)',
  'attempt-not-raised': 'a message that may have been received is sent again as a first attempt (S13)',
  'attempts-begin-anew': 'failed attempts of an activity are not counted across hosts (S15)',
  'bucket-gone-before-pointer': 'old buckets are deleted before the pointer that leaves them out is at quorum (C2, C8)',
  'chunk-after-row': 'the chunks of a long record are written after the row that names them (C8)',
  'claim-before-dead': 'a lease is claimed although the session of its owner is not dead (C3)',
  'coalescing-drops-the-last': 'of the changes that wait to be listed the first is written, not the last (C10)',
  'condition-deaf-after-load': 'conditions are not looked at when an entity was loaded (S6)',
  'conflict-before-commit': 'a message is refused for the sake of one whose turn is not written yet (S8, S12)',
  'conflict-unseen': 'another payload under the same id is answered as if it were a repeat (S12)',
  'dedupe-evicted-by-count': 'an entity remembers the ids of two client sessions only (S11)',
  'dedupe-lost-in-snapshot': 'a snapshot leaves out the ids of client sessions (S11, S24)',
  'delete-before-copy': 'entries of an old epoch are deleted before their copies are at quorum (C2, C9)',
  'directory-before-commit': 'a change is listed before its turn is committed (C10)',
  'directory-stamp-counts-writes': 'a directory row has the number of its write for a stamp, not its seq (C8a)',
  'done-before-answered': 'a client declares done what it still waits for (S11)',
  'done-below-newest': 'whatever a client sent before its newest message counts as done (S11)',
  'due-skips-coarse': 'due timers are looked for in buckets of a minute and an hour only (C9)',
  'effects-before-commit': 'activities begin before the turn that asks for them is written (C2)',
  'epoch-not-raised': 'who takes a shard over goes on in the epoch of its last owner (C3)',
  'exclusivity-ignored': 'messages begin while an exclusive invocation is parked (S7)',
  'finished-activity-stays-open': 'the result of an activity does not end it (S2)',
  'forget-running-of-others': 'a new owner removes the rows of steps that ran when owners before it died (S20)',
  'frame-taken-twice': 'a frame that comes twice is handed over twice, refusals of first attempts included (S13)',
  'hand-over-forgets-listings': 'what waits to be listed when a shard is given back counts as listed (C10)',
  'held-told-before-recorded': 'callers are told that their message is held before that is on record (S2)',
  'hint-outlives-host': 'a client goes on asking a host where nobody listens, or that is silent (C14)',
  'id-renewed-on-resend': 'a message that is sent again has another id (S11)',
  'key-per-attempt': 'each attempt of an activity has an idempotency key of its own (S15)',
  'late-reply-for-another': 'a reply that comes too late is taken for that of another request (C14)',
  'links-not-followed': 'of the rows with one seq that of the greatest epoch is adopted, wherever it leads (C6)',
  'mark-uncertain': 'a lease is claimed after a mark whose outcome is unknown (C3)',
  'monitor-keeps-lock': 'a handler that waits for a condition keeps others out (S7)',
  'never-careful': 'steps are not written down before they run, however soon owners die (S20)',
  'numbers-restart-at-load': 'effects are numbered from 1 again after a load from a snapshot (S15)',
  'operation-forgotten': 'the outcome of a submitted message goes when its sender has sent others (S16)',
  'ordinal-unclaimed': 'a host takes the next ordinal for its build without a conditional write (S29)',
  'part-row-left-out': 'the first entry of a part is written without the row by which the part is found (C9)',
  'parts-of-last-epoch-only': 'a new owner knows only the parts of the epoch before its own (C9)',
  'passivate-while-writing': 'an entity leaves memory while its record is being written (C5)',
  'pointer-before-snapshot': 'a pointer is written while the snapshot it leads to is still on its way (C2, C8)',
  'poison-unrecorded': 'an update that is not run any more is told so, and nothing is recorded (S13, S20)',
  'promise-completed-twice': 'a second completion with another value is acknowledged (S7)',
  'query-sees-uncommitted': 'a query is answered before the turn that it could have seen is written (S8)',
  'refusal-forgets-id': 'a refusal is recorded, but not under its id (S13)',
  'refusal-unrecorded': 'a refusal of a message that was sent again is not recorded (S13)',
  'release-before-close': 'a lease is given back some time before its shard is closed (C4)',
  'reminder-not-forgotten': 'a reminder rings although it was forgotten (S22)',
  'reminder-not-replaced': 'a reminder that is set again rings for the earlier time too (S22)',
  'repeat-from-wrong-place': 'a repeated message is answered with the first outcome of its record (S12)',
  'replay-at-another-time': 'a step that is run again sees another time (S6, S25)',
  'rewrite-without-fences': 'the tail is written again without the FENCE rows above it (C6)',
  'run-poison': 'an input is run however many owners have died of it (S20)',
  'seal-not-again': 'a SEAL is not written again before the FENCE in the next bucket (C6)',
  'segment-after-snapshot': 'a segment of ids is written after the snapshot that names it (S11)',
  'silence-as-not-served': 'silence of a host is taken for a proof that nothing was applied (S13)',
  'skip-fence-read': 'a turn is released without a read of the own session (C2)',
  'skip-fence-row': 'what a new owner adopts is used without a FENCE of its own above it (C6)',
  'skip-tail-rewrite': 'the tail that a new owner adopts is not written again (C6)',
  'snapshot-of-uncommitted': 'a snapshot shows steps of a turn above it that is not written yet (S24)',
  'snapshot-while-parked': 'a snapshot is taken while an invocation is parked (S24)',
  'tail-in-one-bucket': 'the tail is sought in the bucket of the base alone (C6)',
  'timeout-before-predicate': 'the timeout of a condition comes before its predicate (S6)',
  'timer-behind-watermark': 'a timer due behind the watermark is entered where nobody reads any more (C9)',
  'timer-early': 'timers fire up to a second before they are due (S6)',
  'timer-index-late': "a timer's entry is written after its turn was acknowledged (C9)",
  'undo-forgets-field': 'an undone step leaves the last field as it was written (S17)',
  'undo-keeps-effects': 'what an undone step asked for leaves all the same (S17)',
  'unfired-timer-dropped': 'the watermark passes a timer that cannot be fired, and nothing else remembers it (C9)',
  'unknown-as-refused': 'a turn whose write has an unknown outcome is undone, and its seq used again (C5)',
  'unknown-claim-is-lost': 'an attempt at a lease whose outcome is unknown is taken for a failure (C3)',
  'unlisted-dropped-early': 'announcements of changes are dropped before all of them are listed (C10)',
  'unlisted-never-read': 'a new owner does not look at changes that older ones announced and did not list (C10)',
  'watermark-before-firing': 'the watermark passes timers whose firing is not committed (C9)',
  'watermark-of-all-epochs': 'a watermark hides timers that later epochs have set (C9)',
  'work-index-late': 'the entry of open work is written after its turn was acknowledged (C9)',
} as const satisfies Record<string, string>;

export type PlantedBug = keyof typeof PLANTED_BUGS;

let planted: PlantedBug | null = null;

export function isPlanted(bug: PlantedBug): boolean {
  return planted === bug;
}

/** One at a time; null takes it away. */
export function plantBug(bug: PlantedBug | null): void {
  planted = bug;
}
