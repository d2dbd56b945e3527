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

/** Writes and bytes after which a group commit takes in no further message. */
export const GROUP_WRITES = 4_096;
export const GROUP_BYTES = 8_388_608;
/** Writes and bytes after which the write-ahead log is copied into the main file. */
export const CHECKPOINT_WRITES = 20_000;
export const CHECKPOINT_BYTES = 16_777_216;
/** Keys whose number and tail the writer keeps in memory. */
export const KEY_CACHE_ENTRIES = 200_000;
/** Page caches of SQLite. */
export const WRITER_CACHE_KIB = 65_536;
export const READER_CACHE_KIB = 32_768;
/** How long one connection waits for the other's lock (recovery, closing). */
export const SQLITE_BUSY_MS = 5_000;
/** Problems that a full check lists before it stops listing. */
export const VERIFY_PROBLEMS = 1_000;

// Client

/** How long a call waits for its answer, from the first send, unless `timeout` says otherwise. */
export const CALL_TIMEOUT_MS = 30_000;
/** Deadlines are kept in slots of this length: a call ends at most this much after its deadline. */
export const DEADLINE_SLOT_MS = 10;
/** Pause before a message is sent again; doubles up to the maximum, and its second half is random. */
export const RESEND_INITIAL_MS = 20;
export const RESEND_MAXIMUM_MS = 2_000;
/** Largest encoded arguments of one call. */
export const MAX_PAYLOAD_BYTES = 1_048_576;
/** Requests of one client that wait for an answer at a time. */
export const MAX_IN_FLIGHT = 100_000;
/** Entities one page of the client's `list` asks for; entries one page of its `history` asks for. */
export const CLIENT_LIST_PAGE = 200;
export const CLIENT_HISTORY_PAGE = 200;

// Routing

/** A host that has said nothing of a request for so long is asked after elsewhere: the outcome is unknown (C14). */
export const SILENCE_MS = 2_000;
/** A client that asks for owners puts its question so often, evenly, within SILENCE_MS. */
export const ROUTES_ASKS = 4;
/** A host says this often that it is still working on a request, so that long ones are not taken for silence. */
export const WORKING_MS = 700;
/** Largest frame, in bytes; and what is left of the server's largest payload for headers. */
export const MAX_FRAME_BYTES = 8_388_608;
export const PAYLOAD_RESERVE_BYTES = 65_536;
/** Less than this is no use: errors and answers that say no are to fit in any case. */
export const MIN_FRAME_BYTES = 65_536;
/** Frames whose coming a host remembers, so that one that comes twice is taken once. */
export const RECENT_FRAMES = 10_000;
/** Requests of clients that wait, on which one host works at a time; more are `unavailable`. */
export const HOST_IN_FLIGHT = 100_000;

// Inbox

/** Bytes that the inbox keeps, and the dead letters; a full inbox takes nothing, the oldest dead letters go. */
export const INBOX_BYTES = 268_435_456;
export const DEAD_LETTER_BYTES = 67_108_864;
/** A host looks at the inbox this often, and hands over so many messages of a type at a time. */
export const INBOX_LOOK_MS = 1_000;
export const INBOX_IN_FLIGHT = 64;
/** A client looks this often whether its signals have left the inbox, at so many keys at a time. */
export const INBOX_SWEEP_MS = 1_000;
export const INBOX_SWEEP_KEYS = 64;
/** Signals of one client in the inbox, as far as it knows; one more is `resource_exhausted`. */
export const INBOX_OPEN = 100_000;
/** A dead letter's reason is cut to so many characters. */
export const DEAD_REASON_CHARS = 2_000;

// Activities

/** Activities that one host runs at a time. */
export const MAX_RUNNING_ACTIVITIES = 256;
/** Largest encoded result of an activity. */
export const MAX_RESULT_BYTES = 1_048_576;
/** A retry comes earlier than its policy says by at most this part of the pause, so that failures spread out. */
export const RETRY_JITTER = 0.1;
/** Heartbeats are noted in the store at most this often per activity. */
export const HEARTBEAT_NOTE_MS = 5_000;
/** How long a drain waits for running activities. */
export const ACTIVITY_DRAIN_MS = 10_000;

// Task queues

/** A worker says this often that it is there, and again how tasks ended that nobody has heard of. */
export const WORKER_BEAT_MS = 1_000;
/** A worker that was not heard for so long is gone. */
export const WORKER_SILENT_MS = 5_000;
/** A host looks at its tasks this often, and sends one again of which it has heard nothing. */
export const TASK_LOOK_MS = 1_000;
export const TASK_RESEND_MS = 2_000;
/** Tasks that wait for so long while no worker is there are told of. */
export const TASK_WARN_MS = 10_000;

// Timers

/** Timers due within this time are kept in memory. */
export const TIMER_WINDOW_MS = 60_000;
/** Timers kept in memory at a time, and read at a time. */
export const TIMER_PAGE = 4_096;
/** Entities whose timers fire at a time; the rest of a backlog waits its turn. */
export const TIMERS_IN_FLIGHT = 64;
/** The wall clock is looked at again at least this often, for it may jump. */
export const TIMER_RECHECK_MS = 10_000;
/** Pause before an entity is woken again whose timer stayed where it was; doubles up to the maximum. */
export const REFIRE_INITIAL_MS = 1_000;
export const REFIRE_MAXIMUM_MS = 300_000;
/** An entity that was woken so often, and whose timer stayed where it was, counts as open work from then on (C9). */
export const UNFIRED_TRIES = 3;

// Activations

/** Steps, and time, after which the turn loop lets I/O proceed (S4). */
export const LOOP_SLICE_STEPS = 256;
export const LOOP_SLICE_MS = 5;
/** Records of different entities after which a group is handed to the store, before the loop comes to rest. */
export const APPEND_GROUP_RECORDS = 32;
/** A turn closes at this many bytes of inputs (S5). */
export const TURN_BYTES = 524_288;
/** Messages that wait in one entity's mailbox; more are `resource_exhausted`. */
export const MAILBOX_MESSAGES = 10_000;
/** Inputs admitted and not applied yet; more messages are `resource_exhausted`. */
export const MAX_ADMITTED = 10_000;
/** Bytes of their arguments; a snapshot holds them all. */
export const MAX_ADMITTED_BYTES = 16_777_216;
/** Names of promises that one entity keeps the outcome of. */
export const MAX_PROMISES = 10_000;
/** A snapshot is taken after so many turns or bytes of history, at the next quiet point (S24). */
export const SNAPSHOT_TURNS = 100;
export const SNAPSHOT_BYTES = 1_048_576;
/** At passivation and drain a snapshot is taken when at least so many turns are new (S24). */
export const PASSIVATION_TURNS = 16;
/** More turns than this have to be replayed to load the entity: it is listed as unbounded (S24). */
export const MAX_TURNS_SINCE_SNAPSHOT = 10_000;
/** Largest encoded state of one entity. */
export const MAX_STATE_BYTES = 1_048_576;
/** Entities kept in memory, and the bytes of their states; the least recently used go first. */
export const RESIDENT_ENTITIES = 100_000;
export const RESIDENT_BYTES = 536_870_912;
/** Pause before an entity with open work is loaded again after a failure that may pass. */
export const RECOVERY_PAUSE_MS = 1_000;
/** Entities looked at for one that can leave memory, each time one comes in. */
export const EVICTION_TRIES = 16;
/** A held input is tried again this often under one build, after a pause that doubles from the initial one (S19). */
export const HELD_RETRIES = 10;
export const HELD_RETRY_INITIAL_MS = 1_000;
/** One production step in so many is checked for writes between steps and in queries (S3, S9). */
export const CHECK_SAMPLE_STEPS = 1_000;
/** Entities activated at a time when a host starts, because they have open work. */
export const RECOVERY_IN_FLIGHT = 64;

// Poison steps (S20)

/** A step is written down as running once it has lasted so long, and its process is killed at so long. */
export const STEP_SUSPECT_MS = 1_000;
export const STEP_KILL_MS = 5_000;
/** How often the watchdog looks. Between two looks at most twice this counts: the process may have stood still. */
export const WATCHDOG_LOOK_MS = 100;
/** Deaths with an input's row standing after which it is not run on that build. */
export const POISON_DEATHS = 2;
/** Longest name of an input; a longer one ends in a hash. */
export const INPUT_NAME_CHARS = 600;
/** A session that has served so long is stable. When more than so many epochs since were not, every step is written down. */
export const STABLE_MS = 30_000;
export const UNSTABLE_EPOCHS = 2;
/** A process remembers that it survived so many of its sessions per shard, the newest. */
export const SURVIVED_EPOCHS = 64;
/** Suspicions that a store keeps per shard; the oldest go first. */
export const MAX_SUSPICIONS = 1_000;
/** The embedded store's file of running steps is made anew at a start when it is longer. */
export const RUNNING_FILE_BYTES = 262_144;

// Host

/** How long a drain waits for running steps and writes to come to rest. */
export const DRAIN_MS = 30_000;
/** Pause before a lost store is opened again; doubles up to the maximum. */
export const REOPEN_INITIAL_MS = 100;
export const REOPEN_MAXIMUM_MS = 10_000;

// Testing

/** The crash mode crashes an entity after each of its first steps, so many, and then at doubling distances. */
export const CRASH_STEPS = 200;
/** Turns of the event loop after which an activity that was begun and goes on running counts as waiting. */
export const ACTIVITY_TURNS = 64;
/** Steps that may run at one moment of virtual time, per entity in memory, replays included. */
export const STEPS_PER_MOMENT = 50_000;

// Cluster

/** Turns that wait, or the wait of the oldest, after which the own session is read again (C2). */
export const SESSION_READ_TURNS = 20;
export const SESSION_READ_WAIT_MS = 2;
/** Pause before a read of the own session that failed is repeated. */
export const SESSION_READ_RETRY_MS = 20;
/** Pause before a write of unknown outcome is repeated; doubles up to the maximum (C5). */
export const REWRITE_INITIAL_MS = 10;
export const REWRITE_MAXIMUM_MS = 1_000;
/** A bucket is closed by a SEAL row at so many rows, or bytes (C8). */
export const BUCKET_ROWS = 10_000;
export const BUCKET_BYTES = 33_554_432;
/** Longest record that lies in a bucket as one row; a longer one lies in chunks, of this length (C8). */
export const ROW_BYTES = 1_048_576;
export const CHUNK_BYTES = 1_048_576;
/** Bytes of rows that are written in one unlogged batch; a longer row is written by itself (C12). */
export const BATCH_BYTES = 40_960;
/** Rows read at a time, and index entries. */
export const BUCKET_PAGE_ROWS = 1_000;
export const INDEX_PAGE_ENTRIES = 1_000;
/** The index of a shard is cared for at this pace while old parts are to be moved: so many parts and entries at a time. */
export const INDEX_CARE_MS = 1_000;
export const CONSOLIDATED_PARTS = 32;
export const CONSOLIDATED_ENTRIES = 1_000;
/** Timer parts of older epochs that stay where they are; those of the oldest epochs above that are moved. */
export const OLD_TIMER_PARTS = 64;
/** Entities without work in the part of open work, and more than with it: the part is replaced. */
export const CLOSED_WORK_ENTRIES = 1_000;
/** The watermark of timers moves this often while timers fire, by so many pages at most, and stays behind the clock. */
export const WATERMARK_MS = 10_000;
export const WATERMARK_PAGES = 20;
export const WATERMARK_LAG_MS = 60_000;
/** Keys of one shard whose tail is kept in memory; others are read again at their next use. More than RESIDENT_ENTITIES. */
export const KNOWN_KEYS = 200_000;
/** A heartbeat row is written this often; one that stands for D is a dead host's (C3). */
export const HEARTBEAT_MS = 1_000;
export const HEARTBEAT_DEAD_MS = 8_000;
/** A host that commits nothing reads its own session this often; it stops beating when nothing has confirmed it for D. */
export const SESSION_LOOK_MS = 4_000;
/** Answered quorum reads within D that a heartbeat must be unchanged over. */
export const HEARTBEAT_READS = 3;

// Directory

/** Partitions of a type's directory, for ever (C10). */
export const DIRECTORY_SLOTS = 16;
/** Matches that a listing in the order of a field sorts at most; more are `invalid_argument` (C10). */
export const DIRECTORY_SORT_ENTITIES = 10_000;
/** Rounds of reads after which a page of a listing is handed out as it is. */
export const DIRECTORY_ROUNDS = 16;
/** Requests for leases that a host makes at a time, and shards that it gives back at a time. */
export const LEASE_REQUESTS_IN_FLIGHT = 16;
export const HANDOVERS_IN_FLIGHT = 16;
/** While shards are on their way a host looks at the others this often. */
export const HANDOVER_LOOK_MS = 200;
/** How long a shard that moves waits for its running activities; they are started again by its next owner. */
export const HANDOVER_ACTIVITY_MS = 2_000;
/** How often a shard that is being given back is looked at. */
export const REST_LOOK_MS = 10;
/** How long a session that is over tries to say so in the store. */
export const FAREWELL_MS = 5_000;
/** Dead sessions that a host remembers to have set dead. */
export const MARKED_SESSIONS = 1_000;
/** An entity's row is written at most this often (C10). */
export const LISTING_PAUSE_MS = 1_000;
/** Changes are gathered for so long before they are written, so that they share a session read and a batch. */
export const LISTING_GROUP_MS = 20;
/** Rows being written at a time, by shard. */
export const LISTINGS_IN_FLIGHT = 256;
/** Changes that wait to be written, by shard; those beyond are taken once there is room, or by the next owner. */
export const LISTINGS_WAITING = 10_000;
/** How long a shard that is given back, or drained, waits for its last rows. */
export const LISTING_FLUSH_MS = 5_000;
/** Changes announced within so long share a part; a part is dropped once all of it is listed. */
export const UNLISTED_PART_MS = 10_000;
/** Entities loaded at a time because their row may be old, and the pause before the next ones. */
export const RELIST_IN_FLIGHT = 8;
export const RELIST_PAUSE_MS = 200;
/** Pause before parts that could not be finished are gone through again; doubles up to the maximum. */
export const RELIST_ROUND_MS = 10_000;
export const RELIST_ROUND_MAXIMUM_MS = 300_000;

// NATS

/** Pings, and so many unanswered ones after which the connection is given up (C14). */
export const NATS_PING_MS = 5_000;
export const NATS_PINGS_OUT = 2;
export const NATS_CONNECT_MS = 5_000;
export const NATS_RECONNECT_MS = 250;
/** How long an answer of JetStream is waited for. */
export const JETSTREAM_MS = 5_000;
/** How long a host is waited for to say that it serves a type; silence does not say that none does. */
export const SERVED_MS = 1_000;
/** How long a server is waited for to say what it asks for, once a connection has failed. */
export const GREETING_MS = 2_000;
/** Frames of which a sender can still be told that nobody heard them. */
export const RECENT_SENDS = 4_096;

// Cassandra

/** Of a keyspace that is made without a number (C3). */
export const DEFAULT_SHARDS = 256;
/** Requests of one host in flight; those beyond wait. */
export const STORE_IN_FLIGHT = 1_024;
/** After so long an answer is not waited for any more (C12a). */
export const STORE_TIMEOUT_MS = 1_500;
/** How long a change of the schema may take. */
export const SCHEMA_TIMEOUT_MS = 30_000;
/** Pause before a change of the schema is tried again, which others may be at too; doubles up to the last one. */
export const SCHEMA_PAUSE_INITIAL_MS = 100;
export const SCHEMA_PAUSE_MAXIMUM_MS = 6_400;
/** After so long a request that can be repeated is sent to another node too (C12a). */
export const STORE_SPECULATE_MS = 300;
/** A connection on which more requests than that have had no answer in time is taken for broken, and replaced. */
export const STORE_UNANSWERED = 16;
/** Pause between two attempts to connect to a node that is taken for down: short, for others may not see it so. */
export const STORE_RECONNECT_MS = 1_000;
/** Histories whose rows share one unlogged batch, and such batches in flight; while they are, further rows gather (C12). */
export const SHARED_BATCH_PARTITIONS = 10;
export const SHARED_BATCHES_IN_FLIGHT = 32;
/** Entries of the index that are written in one batch of one partition. */
export const STORE_BATCH_ROWS = 100;
/** Beginning of a text by which an index of the directory finds it, bytes. */
export const KEYWORD_BYTES = 256;
/** Rows of the directory looked at per read. */
export const STORE_LISTING_ROWS = 500;
