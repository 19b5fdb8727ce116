CREATE TABLE accounts_departments (
    code TEXT NOT NULL PRIMARY KEY,
    parent TEXT REFERENCES accounts_departments (code),
    place INTEGER NOT NULL,
    opened TEXT NOT NULL,
    closed TEXT
) STRICT;
CREATE INDEX accounts_departments_place ON accounts_departments (place, code);

-- A department's name from a date on; the newest one that has begun is the name.
CREATE TABLE accounts_department_names (
    department TEXT NOT NULL REFERENCES accounts_departments (code),
    since TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    basis TEXT NOT NULL,
    PRIMARY KEY (department, since)
) STRICT;

-- Who follows whom at a reorganisation; the main successor takes people and holdings.
CREATE TABLE accounts_successions (
    department TEXT NOT NULL REFERENCES accounts_departments (code),
    successor TEXT NOT NULL REFERENCES accounts_departments (code),
    since TEXT NOT NULL,
    kind TEXT NOT NULL,
    main INTEGER NOT NULL,
    basis TEXT NOT NULL,
    PRIMARY KEY (department, successor)
) STRICT;
CREATE INDEX accounts_successions_successor ON accounts_successions (successor, department);

CREATE TABLE accounts_posts (
    id BLOB NOT NULL PRIMARY KEY,
    department TEXT NOT NULL REFERENCES accounts_departments (code),
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    closed TEXT
) STRICT;
CREATE INDEX accounts_posts_department ON accounts_posts (department, id);

CREATE TABLE accounts_people (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    display TEXT NOT NULL,
    folded TEXT NOT NULL,
    department TEXT REFERENCES accounts_departments (code),
    post BLOB REFERENCES accounts_posts (id),
    state TEXT NOT NULL,
    created INTEGER NOT NULL,
    name_hash BLOB NOT NULL UNIQUE,
    password TEXT,
    totp BLOB,
    totp_confirmed INTEGER NOT NULL,
    totp_step INTEGER
) STRICT;
CREATE INDEX accounts_people_department ON accounts_people (department, name);

CREATE TABLE accounts_roles (
    person BLOB NOT NULL REFERENCES accounts_people (id),
    role TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (person, role)
) STRICT;
CREATE INDEX accounts_roles_role ON accounts_roles (role, person);
-- No account holds two of the three administrator roles, whatever the program believes.
CREATE UNIQUE INDEX accounts_roles_one_administrator ON accounts_roles (person)
    WHERE role IN ('system_admin', 'security_admin', 'audit_admin');

-- One-use tokens by their hash: activation links and the second step of a sign-in.
CREATE TABLE accounts_links (
    token_hash BLOB NOT NULL PRIMARY KEY,
    person BLOB NOT NULL REFERENCES accounts_people (id),
    kind TEXT NOT NULL,
    ends INTEGER NOT NULL,
    tries INTEGER NOT NULL
) STRICT;
CREATE INDEX accounts_links_person ON accounts_links (person, kind);

-- Wrong tries by the hash of the name that was typed, whether there is such an account or not.
CREATE TABLE accounts_tries (
    name_hash BLOB NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    last INTEGER NOT NULL,
    locked_until INTEGER
) STRICT;
CREATE INDEX accounts_tries_last ON accounts_tries (last);

CREATE TABLE accounts_recovery (
    person BLOB NOT NULL REFERENCES accounts_people (id),
    code_hash BLOB NOT NULL,
    PRIMARY KEY (person, code_hash)
) STRICT;

CREATE TABLE accounts_stand_ins (
    id BLOB NOT NULL PRIMARY KEY,
    person BLOB NOT NULL REFERENCES accounts_people (id),
    stand_in BLOB NOT NULL REFERENCES accounts_people (id),
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    ended INTEGER
) STRICT;
CREATE INDEX accounts_stand_ins_person ON accounts_stand_ins (person, last_day);
CREATE INDEX accounts_stand_ins_stand_in ON accounts_stand_ins (stand_in, last_day);

CREATE TABLE accounts_imports (
    id BLOB NOT NULL PRIMARY KEY,
    made_by TEXT NOT NULL,
    made INTEGER NOT NULL,
    people TEXT NOT NULL
) STRICT;

-- Privileged acts, append only.
CREATE TABLE accounts_acts (
    id BLOB NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    person BLOB,
    department TEXT,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX accounts_acts_at ON accounts_acts (at, id);
CREATE INDEX accounts_acts_person ON accounts_acts (person, at, id);
