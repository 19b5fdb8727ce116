-- Entries of the catalogue: what people wrote stands as JSON in `content` (and, while a published entry is being
-- changed, the next wording in `pending`); the columns beside it are what lists narrow and sort by.
CREATE TABLE catalogue_entries (
    code TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    provider TEXT NOT NULL,
    theme TEXT NOT NULL,
    library TEXT NOT NULL,
    cycle TEXT NOT NULL,
    grade INTEGER,
    fields INTEGER NOT NULL,
    content TEXT NOT NULL,
    pending TEXT,
    state TEXT NOT NULL,
    published INTEGER NOT NULL,
    returned TEXT NOT NULL,
    opened TEXT NOT NULL,
    opened_fields TEXT NOT NULL,
    opening_reason TEXT NOT NULL,
    version INTEGER,
    rows INTEGER,
    loaded INTEGER,
    edited_by TEXT NOT NULL,
    submitted_by TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    published_at INTEGER,
    revision INTEGER NOT NULL
) STRICT;
CREATE INDEX catalogue_entries_provider ON catalogue_entries (provider, code);
CREATE INDEX catalogue_entries_state ON catalogue_entries (state, code);

-- Which field claims to be the one source of which datum.
CREATE TABLE catalogue_claims (
    code TEXT NOT NULL,
    field TEXT NOT NULL,
    datum TEXT NOT NULL,
    title TEXT NOT NULL,
    provider TEXT NOT NULL,
    claimed INTEGER NOT NULL,
    PRIMARY KEY (code, field)
) STRICT;
CREATE INDEX catalogue_claims_datum ON catalogue_claims (datum, claimed);

-- The negative list with its past: an item holds from `starts` to `ends` and until it is removed.
CREATE TABLE catalogue_negative (
    id BLOB NOT NULL PRIMARY KEY,
    code TEXT NOT NULL,
    field TEXT NOT NULL,
    title TEXT NOT NULL,
    provider TEXT NOT NULL,
    basis TEXT NOT NULL,
    starts TEXT NOT NULL,
    ends TEXT,
    listed INTEGER NOT NULL,
    listed_by TEXT NOT NULL,
    removed INTEGER,
    removed_by TEXT NOT NULL
) STRICT;
CREATE INDEX catalogue_negative_code ON catalogue_negative (code, field);

-- Every change of every entry: who, when, what it was afterwards.
CREATE TABLE catalogue_changes (
    id BLOB NOT NULL PRIMARY KEY,
    code TEXT NOT NULL,
    revision INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    note TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    batch BLOB
) STRICT;
CREATE UNIQUE INDEX catalogue_changes_code ON catalogue_changes (code, revision);
CREATE INDEX catalogue_changes_batch ON catalogue_changes (batch);

-- Tables of entries imported at once: checked, applied, undone.
CREATE TABLE catalogue_batches (
    id BLOB NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    state TEXT NOT NULL,
    entries INTEGER NOT NULL,
    fields INTEGER NOT NULL,
    content TEXT NOT NULL
) STRICT;

-- The last sequence number given out per classification.
CREATE TABLE catalogue_sequences (
    classification TEXT NOT NULL PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;
