/**
 * Config: every bound and default of the runtime, with its unit last in its name.
 *
 * Owns: the numbers. Does not own: what happens at a bound; the module that keeps it says so.
 */

// Store

/** Rows and bytes of one page of a history; a page holds at least one row. */
export const PAGE_ROWS = 256;
export const PAGE_BYTES = 1_048_576;
/** Largest row or segment a store takes. */
export const MAX_ROW_BYTES = 67_108_864;
/** Entities of one page of `list`, `due` and `openWork`. */
export const LIST_PAGE_ENTITIES = 1_000;
/** Candidates one page of `list` or `count` looks at before it lets other reads go first. */
export const SCAN_PAGE_ENTITIES = 10_000;

// Embedded store

/** Appends and bytes of one group commit. */
export const GROUP_RECORDS = 4_096;
export const GROUP_BYTES = 8_388_608;
/** Appends and bytes after which the write-ahead log is copied into the main file. */
export const CHECKPOINT_RECORDS = 20_000;
export const CHECKPOINT_BYTES = 16_777_216;
/** Keys whose number and tail the writer keeps in memory. */
export const KEY_CACHE_ENTRIES = 100_000;
/** Page caches of SQLite. */
export const WRITER_CACHE_KIB = 65_536;
export const READER_CACHE_KIB = 32_768;
/** How long one connection waits for the other's lock (recovery, closing). */
export const SQLITE_BUSY_MS = 5_000;
/** Problems that a full check lists before it stops listing. */
export const VERIFY_PROBLEMS = 1_000;
