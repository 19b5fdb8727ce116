-- When the city was last seen to run, by the machine's clock; one row.
CREATE TABLE host_clock (
    id INTEGER PRIMARY KEY,
    seen_at INTEGER NOT NULL
) STRICT;
