CREATE TABLE files_keys (
    scope TEXT PRIMARY KEY,
    master INTEGER NOT NULL,
    wrapped BLOB NOT NULL
) STRICT;

CREATE TABLE files_blobs (
    id BLOB PRIMARY KEY,
    purpose TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    keep_until INTEGER
) STRICT;

CREATE INDEX files_blobs_keep_until ON files_blobs (keep_until, id);
