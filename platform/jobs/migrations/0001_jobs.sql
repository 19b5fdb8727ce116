CREATE TABLE jobs_jobs (
    id BLOB PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    attempts_max INTEGER NOT NULL,
    claims INTEGER NOT NULL,
    error TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    UNIQUE (kind, key)
) STRICT;

CREATE INDEX jobs_jobs_due ON jobs_jobs (due_at, id) WHERE finished_at IS NULL;

CREATE INDEX jobs_jobs_created ON jobs_jobs (created_at, id);
