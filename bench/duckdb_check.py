"""Reads an unsealed data directory with DuckDB's ducklake extension and compares it with the lake's own versions.

Usage: duckdb_check.py DATA_DIR [postgres connection string]. Needs the packages duckdb, duckdb-extension-ducklake,
duckdb-extension-sqlite-scanner and, for PostgreSQL, duckdb-extension-postgres-scanner. Exit code 1 on a difference.
"""

import glob
import importlib.util
import os
import sys

import duckdb


def extensions():
    """The paths of the extensions that came as Python packages."""
    for name in ("ducklake", "sqlite_scanner", "postgres_scanner"):
        spec = importlib.util.find_spec(f"duckdb_extension_{name}")
        if spec and spec.submodule_search_locations:
            root = spec.submodule_search_locations[0]
            yield from glob.glob(f"{root}/extensions/v{duckdb.__version__}/*.duckdb_extension")


def main():
    data = os.path.abspath(sys.argv[1])
    postgres = sys.argv[2] if len(sys.argv) > 2 else None
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for path in extensions():
        connection.execute(f"load '{path}'")
    store = f"postgres:{postgres}" if postgres else f"sqlite:{data}/store.db"
    options = f"data_path '{data}/lake/', override_data_path true, read_only"
    connection.execute(f"attach 'ducklake:{store}' as lake ({options})")
    if postgres:
        connection.execute(f"attach '{postgres}' as own (type postgres, read_only)")
        own = "own.public"
    else:
        connection.execute(f"attach '{data}/store.db' as own (type sqlite, read_only)")
        own = "own.main"
    versions = connection.execute(
        f"""select t.table_name, v.version, v.snapshot, v.rows from {own}.lake_versions v
        join {own}.lake_tables t on t.resource = v.resource order by 1, 2"""
    ).fetchall()
    wrong = 0
    for table, version, snapshot, rows in versions:
        query = f'from lake.main."{table}" at (version => {snapshot})'
        try:
            counted = connection.execute(f"select count(*) {query}").fetchone()[0]
            read = len(connection.execute(f"select * {query}").fetchall()) if rows <= 1_000_000 else counted
        except duckdb.Error as error:
            counted = read = f"error: {str(error).splitlines()[0]}"
        same = counted == rows and read == rows
        wrong += not same
        print(f"{'same' if same else 'DIFFERENT'}: {table} version {version}: {rows} rows, DuckDB {counted}, {read}")
    print(f"{len(versions)} versions, {wrong} different")
    return 1 if wrong or not versions else 0


if __name__ == "__main__":
    sys.exit(main())
