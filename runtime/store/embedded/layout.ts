/**
 * Layout: the physical form of the embedded store, version 1. A change of this file is a change of the format.
 *
 * Owns: file names, identity numbers and tables. A steady turn (no index change) inserts one row into `record`.
 * Does not own: who reads and writes them.
 *
 * Texts that take part in keys are kept as UTF-8 blobs: they compare by their bytes and may hold any character.
 * `entity.doc` is the EntityIndex as JSON; its columns beside it are copies for the indexes. `field` holds the indexed
 * fields in their listing order. Namespaces, types and field names are interned in `name`.
 */

export const MAIN_FILE = 'history.db';
export const WAL_FILE = 'history.db-wal';
/** Where a new main file is made before it gets its name. */
export const NEW_FILE = 'history.db.new';
export const LOCK_FILE = 'lock.db';
/** Steps that took their process with them, and where it is made anew (S20). */
export const RUNNING_FILE = 'running.log';
export const NEW_RUNNING_FILE = 'running.log.new';
/** Process id of the holder of the lock, for messages only. */
export const PID_FILE = 'lock.pid';

/** "PERD" in the header of the main file. */
export const APPLICATION_ID = 0x50455244;
export const FORMAT_VERSION = 1;
export const FILE_MAGIC = 'SQLite format 3\0';
export const PAGE_SIZE_BYTES = 4_096;

export const SCHEMA = `
  CREATE TABLE session (epoch INTEGER NOT NULL);
  INSERT INTO session VALUES (0);

  CREATE TABLE name (no INTEGER PRIMARY KEY, text BLOB NOT NULL UNIQUE);

  CREATE TABLE entity (
    no INTEGER PRIMARY KEY,
    namespace INTEGER NOT NULL,
    type INTEGER NOT NULL,
    id BLOB NOT NULL,
    status TEXT NOT NULL,
    wake_at,
    open INTEGER NOT NULL,
    doc TEXT NOT NULL,
    UNIQUE (namespace, type, id)
  );
  CREATE INDEX entity_wake ON entity (namespace, wake_at) WHERE wake_at IS NOT NULL;
  CREATE INDEX entity_open ON entity (namespace, no) WHERE open = 1;
  CREATE INDEX entity_status ON entity (namespace, type, status, id) WHERE status <> 'active';

  CREATE TABLE record (
    no INTEGER PRIMARY KEY,
    entity INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    bytes BLOB NOT NULL
  );
  CREATE UNIQUE INDEX record_seq ON record (entity, seq);
  CREATE INDEX record_base ON record (entity, seq) WHERE kind = 2;

  CREATE TABLE field (
    namespace INTEGER NOT NULL,
    type INTEGER NOT NULL,
    name INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    value NOT NULL,
    id BLOB NOT NULL,
    entity INTEGER NOT NULL,
    PRIMARY KEY (namespace, type, name, rank, value, id)
  ) WITHOUT ROWID;

  CREATE TABLE segment (
    entity INTEGER NOT NULL, name BLOB NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (entity, name)
  ) WITHOUT ROWID;
  CREATE TABLE note (
    entity INTEGER NOT NULL, name BLOB NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (entity, name)
  ) WITHOUT ROWID;
`;
