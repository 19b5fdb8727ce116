"""Compares a plain copy with the rows everybody may download.

Usage: out_check.py TABLE_DIR ROWS.jsonl [version]. Reads the table with deltalake and with Polars; each must give the
rows of the JSON lines, digit by digit, in any order. Exit code 1 on a difference, told on standard output.
"""

import datetime
import decimal
import json
import sys

import deltalake
import polars


def text(value):
    """A value as the product's JSON lines write it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, float):
        return float(value)
    return str(value)


def told(value, column):
    """A value of the JSON lines, numbers digit by digit, as `text` gives it for such a column."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is not None and column == "float":
        return float(value)
    return value


def rows_of(names, records):
    return sorted(json.dumps([text(record[name]) for name in names], ensure_ascii=False) for record in records)


def main():
    place, lines = sys.argv[1], sys.argv[2]
    version = int(sys.argv[3]) if len(sys.argv) > 3 else None
    table = deltalake.DeltaTable(place, version=version)
    arrow = table.to_pyarrow_table()
    frame = polars.read_delta(place, version=version)
    names = arrow.column_names
    floats = {name for name, dtype in zip(frame.columns, frame.dtypes) if dtype == polars.Float64}
    expected = []
    with open(lines, encoding="utf-8") as file:
        for line in file:
            record = json.loads(line, parse_int=str, parse_float=str)
            cells = [told(record[name], "float" if name in floats else "") for name in names]
            expected.append(json.dumps(cells, ensure_ascii=False))
    expected.sort()
    wrong = 0
    for engine, read in (("deltalake", arrow.to_pylist()), ("polars", frame.to_dicts())):
        found = rows_of(names, read)
        if found != expected:
            wrong += 1
            differing = [pair for pair in zip(found, expected) if pair[0] != pair[1]][:3]
            print(f"{engine}: {len(found)} rows, expected {len(expected)}; first differences {differing}")
    print(f"{len(expected)} rows, version {table.version()}, {len(names)} columns: {'same' if not wrong else 'DIFFERENT'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
