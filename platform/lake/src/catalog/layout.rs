//! The tables: those of the DuckLake specification as DuckDB's extension makes them, and the lake's own beside them.
//! The specification's names and types are not ours to change.

use yiwang_store::Migration;

/// The lake's tables.
pub const MIGRATIONS: &[Migration] = &[
    Migration { capability: "lake", number: 1, sql: DUCKLAKE },
    Migration { capability: "lake", number: 2, sql: OWN },
];

const DUCKLAKE: &str = r#"-- raw
CREATE TABLE ducklake_metadata (
    "key" VARCHAR NOT NULL, "value" VARCHAR NOT NULL, "scope" VARCHAR, scope_id BIGINT
);
CREATE TABLE ducklake_snapshot (
    snapshot_id BIGINT PRIMARY KEY, snapshot_time VARCHAR, schema_version BIGINT, next_catalog_id BIGINT,
    next_file_id BIGINT
);
CREATE TABLE ducklake_snapshot_changes (
    snapshot_id BIGINT PRIMARY KEY, changes_made VARCHAR, author VARCHAR, commit_message VARCHAR,
    commit_extra_info VARCHAR
);
CREATE TABLE ducklake_schema (
    schema_id BIGINT PRIMARY KEY, schema_uuid VARCHAR, begin_snapshot BIGINT, end_snapshot BIGINT,
    schema_name VARCHAR, path VARCHAR, path_is_relative BIGINT
);
CREATE TABLE ducklake_table (
    table_id BIGINT, table_uuid VARCHAR, begin_snapshot BIGINT, end_snapshot BIGINT, schema_id BIGINT,
    table_name VARCHAR, path VARCHAR, path_is_relative BIGINT
);
CREATE TABLE ducklake_view (
    view_id BIGINT, view_uuid VARCHAR, begin_snapshot BIGINT, end_snapshot BIGINT, schema_id BIGINT,
    view_name VARCHAR, dialect VARCHAR, "sql" VARCHAR, column_aliases VARCHAR
);
CREATE TABLE ducklake_tag (
    object_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, "key" VARCHAR, "value" VARCHAR
);
CREATE TABLE ducklake_column_tag (
    table_id BIGINT, column_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, "key" VARCHAR, "value" VARCHAR
);
CREATE TABLE ducklake_data_file (
    data_file_id BIGINT PRIMARY KEY, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, file_order BIGINT,
    path VARCHAR, path_is_relative BIGINT, file_format VARCHAR, record_count BIGINT, file_size_bytes BIGINT,
    footer_size BIGINT, row_id_start BIGINT, partition_id BIGINT, encryption_key VARCHAR, mapping_id BIGINT,
    partial_max BIGINT
);
CREATE TABLE ducklake_file_column_stats (
    data_file_id BIGINT, table_id BIGINT, column_id BIGINT, column_size_bytes BIGINT, value_count BIGINT,
    null_count BIGINT, min_value VARCHAR, max_value VARCHAR, contains_nan BIGINT, extra_stats VARCHAR
);
CREATE TABLE ducklake_file_variant_stats (
    data_file_id BIGINT, table_id BIGINT, column_id BIGINT, variant_path VARCHAR, shredded_type VARCHAR,
    column_size_bytes BIGINT, value_count BIGINT, null_count BIGINT, min_value VARCHAR, max_value VARCHAR,
    contains_nan BIGINT, extra_stats VARCHAR
);
CREATE TABLE ducklake_delete_file (
    delete_file_id BIGINT PRIMARY KEY, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT,
    data_file_id BIGINT, path VARCHAR, path_is_relative BIGINT, format VARCHAR, delete_count BIGINT,
    file_size_bytes BIGINT, footer_size BIGINT, encryption_key VARCHAR, partial_max BIGINT
);
CREATE TABLE ducklake_column (
    column_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, table_id BIGINT, column_order BIGINT,
    column_name VARCHAR, column_type VARCHAR, initial_default VARCHAR, default_value VARCHAR, nulls_allowed BIGINT,
    parent_column BIGINT, default_value_type VARCHAR, default_value_dialect VARCHAR
);
CREATE TABLE ducklake_table_stats (
    table_id BIGINT, record_count BIGINT, next_row_id BIGINT, file_size_bytes BIGINT
);
CREATE TABLE ducklake_table_column_stats (
    table_id BIGINT, column_id BIGINT, contains_null BIGINT, contains_nan BIGINT, min_value VARCHAR,
    max_value VARCHAR, extra_stats VARCHAR
);
CREATE TABLE ducklake_partition_info (
    partition_id BIGINT, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT
);
CREATE TABLE ducklake_partition_column (
    partition_id BIGINT, table_id BIGINT, partition_key_index BIGINT, column_id BIGINT, "transform" VARCHAR
);
CREATE TABLE ducklake_file_partition_value (
    data_file_id BIGINT, table_id BIGINT, partition_key_index BIGINT, partition_value VARCHAR
);
CREATE TABLE ducklake_files_scheduled_for_deletion (
    data_file_id BIGINT, path VARCHAR, path_is_relative BIGINT, schedule_start VARCHAR
);
CREATE TABLE ducklake_inlined_data_tables (
    table_id BIGINT, table_name VARCHAR, schema_version BIGINT
);
CREATE TABLE ducklake_column_mapping (
    mapping_id BIGINT, table_id BIGINT, "type" VARCHAR
);
CREATE TABLE ducklake_name_mapping (
    mapping_id BIGINT, column_id BIGINT, source_name VARCHAR, target_field_id BIGINT, parent_column BIGINT,
    is_partition BIGINT
);
CREATE TABLE ducklake_schema_versions (
    begin_snapshot BIGINT, schema_version BIGINT, table_id BIGINT
);
CREATE TABLE ducklake_macro (
    schema_id BIGINT, macro_id BIGINT, macro_name VARCHAR, begin_snapshot BIGINT, end_snapshot BIGINT
);
CREATE TABLE ducklake_macro_impl (
    macro_id BIGINT, impl_id BIGINT, dialect VARCHAR, "sql" VARCHAR, "type" VARCHAR
);
CREATE TABLE ducklake_macro_parameters (
    macro_id BIGINT, impl_id BIGINT, column_id BIGINT, parameter_name VARCHAR, parameter_type VARCHAR,
    default_value VARCHAR, default_value_type VARCHAR
);
CREATE TABLE ducklake_sort_info (
    sort_id BIGINT, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT
);
CREATE TABLE ducklake_sort_expression (
    sort_id BIGINT, table_id BIGINT, sort_key_index BIGINT, expression VARCHAR, dialect VARCHAR,
    sort_direction VARCHAR, null_order VARCHAR
);
CREATE INDEX ducklake_data_file_table ON ducklake_data_file (table_id);
CREATE INDEX ducklake_delete_file_table ON ducklake_delete_file (table_id);
CREATE INDEX ducklake_column_table ON ducklake_column (table_id);
CREATE INDEX ducklake_file_column_stats_file ON ducklake_file_column_stats (data_file_id);
INSERT INTO ducklake_metadata VALUES ('version', '1.0', NULL, NULL);
INSERT INTO ducklake_metadata VALUES ('created_by', 'yiwang', NULL, NULL);
INSERT INTO ducklake_metadata VALUES ('data_path', 'lake/', NULL, NULL);
INSERT INTO ducklake_metadata VALUES ('encrypted', 'false', NULL, NULL);
INSERT INTO ducklake_snapshot VALUES (0, '1970-01-01 00:00:00+00', 0, 1, 0);
INSERT INTO ducklake_snapshot_changes VALUES (0, 'created_schema:"main"', NULL, NULL, NULL);
INSERT INTO ducklake_schema VALUES (0, '4f2a1c3e-7b1d-4c8e-9a50-000000000000', 0, NULL, 'main', 'main/', 1);
"#;

const OWN: &str = "CREATE TABLE lake_lock (one INTEGER NOT NULL PRIMARY KEY, turn INTEGER NOT NULL) STRICT;
INSERT INTO lake_lock (one, turn) VALUES (1, 0);
CREATE TABLE lake_tables (
    resource TEXT NOT NULL PRIMARY KEY,
    table_id INTEGER NOT NULL UNIQUE,
    table_name TEXT NOT NULL UNIQUE,
    key_fields TEXT NOT NULL,
    sortable TEXT NOT NULL,
    subject TEXT,
    version INTEGER NOT NULL,
    dropped INTEGER
) STRICT;
CREATE TABLE lake_versions (
    resource TEXT NOT NULL,
    version INTEGER NOT NULL,
    snapshot INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    load BLOB,
    reason TEXT NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (resource, version)
) STRICT;
CREATE TABLE lake_loads (
    load BLOB NOT NULL PRIMARY KEY,
    resource TEXT NOT NULL,
    state TEXT NOT NULL,
    plan TEXT NOT NULL,
    version INTEGER,
    time INTEGER NOT NULL
) STRICT;
CREATE INDEX lake_loads_resource ON lake_loads (resource, state);
CREATE TABLE lake_staged_rows (
    load BLOB NOT NULL,
    place INTEGER NOT NULL,
    cells TEXT NOT NULL,
    PRIMARY KEY (load, place)
) STRICT;
CREATE TABLE lake_tombstones (
    resource TEXT NOT NULL,
    field TEXT NOT NULL,
    blind BLOB NOT NULL,
    basis TEXT NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (resource, field, blind)
) STRICT;
";
