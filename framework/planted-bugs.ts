/**
 * Planted bugs: named mistakes that the simulator switches on, to show that it would find them.
 *
 * Owns: their names, and which is on: none, unless the simulator says so. Does not own: what each does; the line that
 * asks says so. Lint lets `runtime/sim` alone call `plantBug`.
 */

/** In the order of the alphabet, each with what goes wrong. */
export const PLANTED_BUGS = {
  'adopted-not-indexed': 'what wakes an adopted entity is not entered into the new epoch (C6)',
  'adoption-lists-nothing': 'an owner does not write the directory row of what it adopts (C10)',
  'answer-without-session-read': 'a query is answered without a later read of the own session (S8, C2)',
  'attempt-not-raised': 'a message that may have been received is sent again as a first attempt (S13)',
  'chunk-after-row': 'the chunks of a long record are written after the row that names them (C8)',
  'claim-before-dead': 'a lease is claimed although the session of its owner is not dead (C3)',
  'coalescing-drops-the-last': 'of the changes that wait to be listed the first is written, not the last (C10)',
  'dedupe-evicted-by-count': 'an entity remembers the ids of two client sessions only (S11)',
  'dedupe-lost-in-snapshot': 'a snapshot leaves out the ids of client sessions (S11, S24)',
  'delete-before-copy': 'entries of an old epoch are deleted before their copies are at quorum (C2, C9)',
  'directory-before-commit': 'a change is listed before its turn is committed (C10)',
  'directory-stamp-counts-writes': 'a directory row has the number of its write for a stamp, not its seq (C8a)',
  'done-before-answered': 'a client declares done what it still waits for (S11)',
  'due-skips-coarse': 'due timers are looked for in buckets of a minute and an hour only (C9)',
  'epoch-not-raised': 'who takes a shard over goes on in the epoch of its last owner (C3)',
  'forget-running-of-others': 'a new owner removes the rows of steps that ran when owners before it died (S20)',
  'frame-taken-twice': 'a frame that comes twice is handed over twice, refusals of first attempts included (S13)',
  'hand-over-forgets-listings': 'what waits to be listed when a shard is given back counts as listed (C10)',
  'hint-outlives-host': 'a client goes on asking a host where nobody listens, or that is silent (C14)',
  'id-renewed-on-resend': 'a message that is sent again has another id (S11)',
  'late-reply-for-another': 'a reply that comes too late is taken for that of another request (C14)',
  'links-not-followed': 'of the rows with one seq that of the greatest epoch is adopted, wherever it leads (C6)',
  'mark-uncertain': 'a lease is claimed after a mark whose outcome is unknown (C3)',
  'never-careful': 'steps are not written down before they run, however soon owners die (S20)',
  'note-without-epoch': 'a note of an earlier epoch wins over one of a later epoch (C8a)',
  'ordinal-unclaimed': 'a host takes the next ordinal for its build without a conditional write (S29)',
  'part-row-left-out': 'the first entry of a part is written without the row by which the part is found (C9)',
  'parts-of-last-epoch-only': 'a new owner knows only the parts of the epoch before its own (C9)',
  'pointer-before-snapshot': 'a pointer is written while the snapshot it leads to is still on its way (C2, C8)',
  'poison-unrecorded': 'an update that is not run any more is told so, and nothing is recorded (S13, S20)',
  'offer-again': 'a shard is offered to an older build each time that it diverges (S29)',
  'recover-once': 'open work that cannot be read when a shard starts is not looked for again (C9)',
  'release-before-close': 'a lease is given back while its shard still serves (C4)',
  'rewrite-without-fences': 'the tail is written again without the FENCE rows above it (C6)',
  'run-poison': 'an input is run however many owners have died of it (S20)',
  'seal-not-again': 'a SEAL is not written again before the FENCE in the next bucket (C6)',
  'segment-after-snapshot': 'a segment of ids is written after the snapshot that names it (S11)',
  'silence-as-not-served': 'silence of a host is taken for a proof that nothing was applied (S13)',
  'skip-fence-read': 'a turn is released without a read of the own session (C2)',
  'skip-fence-row': 'what a new owner adopts is used without a FENCE of its own above it (C6)',
  'skip-tail-rewrite': 'the tail that a new owner adopts is not written again (C6)',
  'snapshot-of-uncommitted': 'a snapshot shows steps of a turn above it that is not written yet (S24)',
  'tail-in-one-bucket': 'the tail is sought in the bucket of the base alone (C6)',
  'timer-behind-watermark': 'a timer due behind the watermark is entered where nobody reads any more (C9)',
  'timer-index-late': "a timer's entry is written after its turn was acknowledged (C9)",
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
