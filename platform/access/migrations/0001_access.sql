CREATE TABLE access_sessions (
    token_hash BLOB NOT NULL PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    account BLOB NOT NULL,
    name TEXT NOT NULL,
    department TEXT,
    roles TEXT NOT NULL,
    long INTEGER NOT NULL,
    started INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    latest INTEGER NOT NULL
) STRICT;
CREATE INDEX access_sessions_account ON access_sessions (account, started);
CREATE INDEX access_sessions_ends ON access_sessions (ends);
