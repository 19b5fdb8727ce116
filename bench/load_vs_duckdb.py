#!/usr/bin/env python3
"""Load of a large CSV against DuckDB's CREATE TABLE AS of the same file, SQL over both, in turns in one run; pages.

Needs: PyPI `duckdb`, and for the engine alone `datafusion` of the version in Cargo.lock; a built `yiwang` (profile release or dist). Prints each time, the ratio and peak memory.

    python3 bench/load_vs_duckdb.py --yiwang target/release/yiwang --rows 10000000
"""
import argparse
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

import duckdb

QUERIES = [
    "select count(*) from T",
    "select kind, count(*) from T group by kind order by kind",
    "select district, sum(amount), avg(minutes) from T group by district order by district",
    "select count(distinct person) from T",
    "select substr(cast(day as varchar), 1, 7) m, count(*), max(amount) from T group by m order by m",
    "select kind, district, count(*) c from T group by kind, district order by c desc, kind, district limit 20",
    "select sum(amount) from T where minutes between 30 and 60 and kind = 'kind-3'",
    "select person, count(*) c from T group by person order by c desc, person limit 10",
    "select min(day), max(day), min(amount), max(amount) from T",
    "select district, approx_distinct(person) from T group by district order by district",
]

# The engine's threads stand lower with the operating system by so much; DuckDB is run as low, beside whatever else runs.
ENGINE_NICER_BY = 5
DUCKDB_TIMES = """
import duckdb, json, sys, time
connection, times = duckdb.connect(), []
for query in json.loads(sys.argv[2]):
    query = query.replace("approx_distinct", "approx_count_distinct").replace(" T", f" '{sys.argv[1]}'")
    three = []
    for _ in range(3):
        before = time.perf_counter()
        connection.sql(query).fetchall()
        three.append(time.perf_counter() - before)
    times.append(sorted(three)[1])
print(json.dumps(times))
"""

BARE_TIMES = """
import datafusion, json, sys, time
context = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(2))
context.register_parquet("t", sys.argv[1])
times = []
for query in json.loads(sys.argv[2]):
    three = []
    for _ in range(3):
        before = time.perf_counter()
        context.sql(query).collect()
        three.append(time.perf_counter() - before)
    times.append(sorted(three)[1])
print(json.dumps(times))
"""


def make_csv(path, rows):
    duckdb.sql(
        f"""copy (select 'R' || lpad(i::varchar, 9, '0') as record_no, 'kind-' || (hash(i) % 9) as kind,
        'district-' || (hash(i + 1) % 7) as district, (hash(i + 2) % 1440)::int as minutes,
        round((hash(i + 3) % 1000000) / 100.0, 2)::decimal(10, 2) as amount,
        date '2020-01-01' + (hash(i + 4) % 2000)::int as day, (hash(i + 5) % 200000) as person,
        'Some road ' || (hash(i + 6) % 5000) || ', number ' || (hash(i + 7) % 900) as address
        from range({rows}) r(i)) to '{path}' (header)"""
    )


def run(words):
    before = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True)
    seconds = time.perf_counter() - before
    if done.returncode:
        raise SystemExit(f"{words}: {done.stderr}{done.stdout}")
    return seconds, done.stdout


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--yiwang", required=True)
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--repeat", type=int, default=3)
    options = options.parse_args()
    folder = tempfile.mkdtemp(prefix="yiwang-bench-")
    try:
        csv = os.path.join(folder, "table.csv")
        make_csv(csv, options.rows)
        print(f"{options.rows} rows, {os.path.getsize(csv) / 1e6:.0f} MB")
        compare_load(options, folder, csv)
        pages(options, *compare_sql(options, folder))
    finally:
        shutil.rmtree(folder)


def compare_load(options, folder, csv):
    ratios = []
    for turn in range(options.repeat):
        data = os.path.join(folder, f"city-{turn}")
        run([options.yiwang, "init", "--data", data, "--name", "bench", "--region", "449900"])
        ours, text = run([options.yiwang, "load", csv, "--data", data, "--json"])
        report = json.loads(text)["loads"][0]
        assert report["rows_loaded"] == options.rows, report
        base = os.path.join(folder, f"duck-{turn}.db")
        theirs, _ = run([sys.executable, "-c", f"import duckdb; duckdb.connect({base!r}).sql(\"create table t as from '{csv}'\")"])
        ratios.append(theirs / ours)
        print(f"load: yiwang {ours:.2f} s, duckdb {theirs:.2f} s, speed ratio {theirs / ours:.2f}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"load: median speed ratio {sorted(ratios)[len(ratios) // 2]:.2f}; largest child process {peak:.0f} MiB")


def compare_sql(options, folder):
    data = os.path.join(folder, "city-0")
    _, text = run([options.yiwang, "resources", "--data", data, "--json"])
    code = json.loads(text)["resources"][0]["code"]
    parquet = os.path.join(folder, "table.parquet")
    duckdb.sql(f"copy (from '{folder}/table.csv') to '{parquet}' (format parquet, compression zstd)")
    words = [options.yiwang, "bench", "sql", "--data", data, "--repeat", "3", "--json"]
    for query in QUERIES:
        words += ["--sql", query.replace(" T", f' "{code}"')]
    ours, theirs = [[] for _ in QUERIES], [[] for _ in QUERIES]
    for _ in range(options.repeat):
        _, text = run(words)
        for place, seconds in enumerate(json.loads(text)["median_seconds"]):
            ours[place].append(seconds)
        duck = ["nice", "-n", str(ENGINE_NICER_BY), sys.executable, "-c", DUCKDB_TIMES]
        _, text = run(duck + [parquet, json.dumps(QUERIES)])
        for place, seconds in enumerate(json.loads(text)):
            theirs[place].append(seconds)
    ours, theirs = [median(times) for times in ours], [median(times) for times in theirs]
    for query, mine, other in zip(QUERIES, ours, theirs):
        print(f"sql: yiwang {mine:.3f} s, duckdb {other:.3f} s  {query[:70]}")
    print(f"sql: total yiwang {sum(ours):.2f} s, duckdb {sum(theirs):.2f} s, ratio {sum(ours) / sum(theirs):.2f}")
    if importlib.util.find_spec("datafusion"):
        low = ["nice", "-n", str(ENGINE_NICER_BY), sys.executable, "-c", BARE_TIMES]
        _, text = run(low + [parquet, json.dumps(QUERIES)])
        print(f"sql: the bare engine over the file DuckDB reads, total {sum(json.loads(text)):.2f} s")
    return data, code


def median(times):
    return sorted(times)[len(times) // 2]


def pages(options, data, code):
    """Pages at five depths; by a column of many values and by one of few."""
    words = [options.yiwang, "bench", "pages", "--data", data, "--resource", code, "--repeat", "9", "--json"]
    _, text = run(words + ["--sort", "amount", "--sort", "day"])
    report = json.loads(text)
    print(f"pages: indexes built in {report['indexes_built_in_seconds']:.1f} s")
    for line in report["pages"]:
        sort = line["sort"] or "unsorted"
        print(f"pages: {sort:10} page {line['page']:7}  {line['median_ms']:.1f} ms, slowest {line['slowest_ms']:.1f} ms")


main()
