-- The tables. Every primary key begins with what the rows could be sharded by: the partition of rows, the hash of blobs.
-- Names are compared as bytes (COLLATE "C"), whatever the database's locale is. No sequences: what must be unique is
-- made unique by whoever writes it.

-- One row of a collection. body is JSON text (body::json ->> 'name' reads it); expires_at is milliseconds since the
-- epoch by Poolhouse's clock, and from then on the row counts as gone. index_names and index_values are the row's
-- entries in index_entries, kept here so that a write knows what to take away.
CREATE TABLE poolhouse.rows (
    partition text COLLATE "C" NOT NULL,
    collection text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    expires_at bigint,
    index_names text[] COLLATE "C" NOT NULL,
    index_values text[] COLLATE "C" NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (partition, collection, key)
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
-- Which partitions a collection has. Equal entries are kept once (btree deduplication), so it stays small. Of expressions,
-- so that nothing but that question can use it: planned while the table is empty, a look-up by the primary key would cost
-- the same by this index, and be a walk over the whole partition ever after.
CREATE INDEX rows_by_collection ON poolhouse.rows ((collection || ''), (partition || ''));
CREATE INDEX rows_by_expiry ON poolhouse.rows (expires_at) WHERE expires_at IS NOT NULL;

-- Where else a row is found: ordered by value, then by the row's key. Written only by who holds the row's lock.
CREATE TABLE poolhouse.index_entries (
    partition text COLLATE "C" NOT NULL,
    collection text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (partition, collection, name, value, key)
);

-- One row for each commit of the last minutes, written with it. It answers two questions: was this commit done (asked
-- when the answer to it was lost), and what has changed since a node looked last. partition is that of the commit's first
-- row; origin and number name the commit; changed is partition, collection, key, partition, …
CREATE TABLE poolhouse.commits (
    partition text COLLATE "C" NOT NULL,
    origin bigint NOT NULL,
    number bigint NOT NULL,
    txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT now(),
    changed text[] NOT NULL,
    PRIMARY KEY (partition, origin, number)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX commits_by_txid ON poolhouse.commits (txid);

-- Large bytes by their SHA-256, in chunks. An upload's chunks are nobody's until the blob names the upload.
CREATE TABLE poolhouse.blobs (
    sha256 text COLLATE "C" PRIMARY KEY,
    upload bigint NOT NULL,
    length bigint NOT NULL,
    chunks integer NOT NULL,
    put_at bigint NOT NULL
);
CREATE TABLE poolhouse.blob_chunks (
    sha256 text COLLATE "C" NOT NULL,
    upload bigint NOT NULL,
    number integer NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (sha256, upload, number)
);
-- Packages are compressed already.
ALTER TABLE poolhouse.blob_chunks ALTER COLUMN bytes SET STORAGE EXTERNAL;
-- Uploads that were begun and not finished, so that what a crash left behind can be found.
CREATE TABLE poolhouse.blob_uploads (
    sha256 text COLLATE "C" NOT NULL,
    upload bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sha256, upload)
);

-- A row for each server, written to see whether writing works.
CREATE TABLE poolhouse.probes (
    node bigint PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now()
);
