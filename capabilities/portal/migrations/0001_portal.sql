CREATE TABLE portal_counts (
    resource TEXT NOT NULL,
    day TEXT NOT NULL,
    kind TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (resource, day, kind)
) STRICT;
CREATE TABLE portal_faults (
    id BLOB NOT NULL PRIMARY KEY,
    handle TEXT NOT NULL UNIQUE,
    resource TEXT NOT NULL,
    department TEXT NOT NULL,
    place TEXT NOT NULL,
    words TEXT NOT NULL,
    reported INTEGER NOT NULL,
    state TEXT NOT NULL,
    answer TEXT NOT NULL,
    answered INTEGER
) STRICT;
CREATE INDEX portal_faults_time ON portal_faults (reported, id);
CREATE INDEX portal_faults_department ON portal_faults (department, reported, id);
