-- Who changed a setting, from what to what, and why; append only.
CREATE TABLE host_changes (
  id BLOB NOT NULL PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  name TEXT NOT NULL,
  value_before TEXT NOT NULL,
  value_after TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX host_changes_at ON host_changes (at, id);
