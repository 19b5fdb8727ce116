CREATE TABLE collect_loads (
    id BLOB NOT NULL PRIMARY KEY,
    department TEXT NOT NULL,
    resource TEXT NOT NULL,
    state TEXT NOT NULL,
    actor TEXT NOT NULL,
    started INTEGER NOT NULL,
    raw BLOB,
    raw_until INTEGER,
    report TEXT NOT NULL
) STRICT;
CREATE INDEX collect_loads_time ON collect_loads (started, id);
CREATE INDEX collect_loads_department ON collect_loads (department, started, id);
CREATE INDEX collect_loads_resource ON collect_loads (resource, started, id);
CREATE INDEX collect_loads_raw ON collect_loads (raw_until);
