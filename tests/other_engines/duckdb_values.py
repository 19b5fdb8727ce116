"""Every table at every version of an unsealed data directory, as DuckDB's ducklake extension reads it.

Usage: duckdb_values.py DATA_DIR [PostgreSQL connection string]. Prints one JSON document: resource, version, rows as
text, nulls as null, ordered by the first column. Reads the product's own tables only for which snapshot a version is.
"""

import datetime
import decimal
import glob
import importlib.util
import json
import os
import sys

import duckdb


def extensions():
    """The paths of the extensions that came as Python packages."""
    for name in ("ducklake", "sqlite_scanner", "postgres_scanner"):
        spec = importlib.util.find_spec(f"duckdb_extension_{name}")
        root = spec.submodule_search_locations[0]
        found = glob.glob(f"{root}/extensions/v{duckdb.__version__}/*.duckdb_extension")
        if not found:
            sys.exit(f"the package of {name} holds no extension for DuckDB {duckdb.__version__}")
        yield from found


def text(value):
    """A value as the test writes it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, (int, decimal.Decimal)):
        return str(value)
    raise TypeError(f"unexpected {type(value)}")


def main():
    data = os.path.abspath(sys.argv[1])
    postgres = sys.argv[2] if len(sys.argv) > 2 else None
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for path in extensions():
        connection.execute(f"load '{path}'")
    store = f"postgres:{postgres}" if postgres else f"sqlite:{data}/store.db"
    options = f"data_path '{data}/lake/', override_data_path true, read_only"
    connection.execute(f"attach 'ducklake:{store}' as lake ({options})")
    own = "own.public" if postgres else "own.main"
    place, kind = (postgres, "postgres") if postgres else (f"{data}/store.db", "sqlite")
    connection.execute(f"attach '{place}' as own (type {kind}, read_only)")
    versions = connection.execute(
        f"""select v.resource, t.table_name, v.version, v.snapshot from {own}.lake_versions v
        join {own}.lake_tables t on t.resource = v.resource order by 1, 3"""
    ).fetchall()
    told = {}
    for resource, table, version, snapshot in versions:
        rows = connection.execute(f'select * from lake.main."{table}" at (version => {snapshot})').fetchall()
        cells = sorted(([text(cell) for cell in row] for row in rows), key=lambda row: row[0])
        told.setdefault(resource, {})[version] = cells
    json.dump(told, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
