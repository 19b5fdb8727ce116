-- Bodies that keep heads of the ledger, by the verifier keys the security administrator registered.
CREATE TABLE oversight_witnesses (
    name TEXT NOT NULL PRIMARY KEY,
    verifier TEXT NOT NULL,
    added INTEGER NOT NULL,
    added_by TEXT NOT NULL
) STRICT;

-- The last head of each log that each of them has signed.
CREATE TABLE oversight_heads (
    log TEXT NOT NULL,
    witness TEXT NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    signed INTEGER NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (log, witness)
) STRICT;

-- Heads that the ledger does not reach, accepted as lost; append only.
CREATE TABLE oversight_gaps (
    id BLOB NOT NULL PRIMARY KEY,
    log TEXT NOT NULL,
    size INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
