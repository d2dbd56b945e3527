/** Limits of the core, each with its rule. Those a deployment may set are options of the host. */

/** Encoded state at most this long is digested every turn (S25). */
export const SMALL_STATE_BYTES = 4 * 1024;
/** Larger state is digested every so many turns (S25). */
export const LARGE_STATE_DIGEST_TURNS = 32;
/** A message id made by the client library is remembered this long after it was applied (S11). */
export const SESSION_WINDOW_MS = 24 * 3_600_000;
/** A message id given by the caller is remembered this long (S11). */
export const GIVEN_WINDOW_MS = 30 * 24 * 3_600_000;
/** The outcome of a submitted message is kept this long (S16). */
export const OPERATION_WINDOW_MS = 7 * 24 * 3_600_000;
/** Caller-given ids remembered per entity before the oldest go early (S11). */
export const MAX_GIVEN_IDS = 1_000_000;
/** Ids per immutable segment (S11). */
export const SEGMENT_IDS = 1_024;
/** Client sessions, and unacknowledged ids of one session, remembered per entity; more is `resource_exhausted` (S11). */
export const MAX_SESSIONS = 10_000;
export const MAX_SESSION_IDS = 100_000;
/** Evicted client sessions of which the newest number is still known (S11). */
export const MAX_EVICTED_SESSIONS = 1_000;
/** Business failures of signals shown by `describe`. */
export const SHOWN_FAILURES = 10;
/** Durable promises one entity may have pending. */
export const MAX_PENDING_WAITS = 100_000;
/** Largest encoded arguments or result that a step may leave: of a reply, an activity, a reminder, a `sideEffect`. */
export const MAX_EFFECT_BYTES = 1024 * 1024;
/** All that one step may leave, so that its record stays far below the largest row of a store. */
export const MAX_STEP_BYTES = 16 * 1024 * 1024;
