-- What each account was told; the same event reaches an account once.
CREATE TABLE messages_inbox (
  id BLOB PRIMARY KEY,
  recipient BLOB NOT NULL,
  event TEXT NOT NULL,
  class TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT,
  path TEXT NOT NULL,
  created INTEGER NOT NULL,
  read_at INTEGER,
  UNIQUE (recipient, event)
) STRICT;
CREATE INDEX messages_inbox_newest ON messages_inbox (recipient, created, id);
CREATE INDEX messages_inbox_unread ON messages_inbox (recipient, read_at, created);
CREATE INDEX messages_inbox_age ON messages_inbox (created);

-- How an account wants to hear; the address is sealed.
CREATE TABLE messages_people (
  account BLOB PRIMARY KEY,
  address BLOB,
  given_by TEXT NOT NULL,
  lang TEXT NOT NULL,
  mail TEXT NOT NULL,
  digest_day TEXT NOT NULL,
  digest_upto INTEGER NOT NULL
) STRICT;

-- What leaves the product: one row a mail or call, whatever the attempts.
CREATE TABLE messages_deliveries (
  id BLOB PRIMARY KEY,
  channel TEXT NOT NULL,
  target BLOB NOT NULL,
  event TEXT NOT NULL,
  class TEXT NOT NULL,
  department TEXT,
  content TEXT NOT NULL,
  sealed BLOB,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  presses INTEGER NOT NULL,
  error TEXT,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  UNIQUE (channel, target, event)
) STRICT;
CREATE INDEX messages_deliveries_newest ON messages_deliveries (created, id);
CREATE INDEX messages_deliveries_target ON messages_deliveries (target, created, id);

-- Addresses that are called; address and secret are sealed.
CREATE TABLE messages_hooks (
  id BLOB PRIMARY KEY,
  department TEXT,
  host TEXT NOT NULL,
  address BLOB NOT NULL,
  secret BLOB NOT NULL,
  created INTEGER NOT NULL,
  created_by TEXT NOT NULL
) STRICT;
CREATE INDEX messages_hooks_department ON messages_hooks (department);

-- The password of the mail server, sealed.
CREATE TABLE messages_secrets (
  name TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT;
