"""Runs DuckDB and Throughline in turn, each in its own process with two threads, checks that they agree, and prints
time and memory beside DuckDB's.

    compare.py FOLDER SQL COUNT [ROUNDS]
"""

import glob
import os
import statistics
import sys
import time

import duckdb

DUCKDB = """
import duckdb, sys
parts, sql, out = sys.argv[1:]
duckdb.execute("SET threads = 2")
duckdb.execute("SET enable_progress_bar = false")
duckdb.execute("SET memory_limit = '4GiB'")
duckdb.execute(f"CREATE VIEW attendance_event AS SELECT * FROM read_parquet('{parts}')")
duckdb.execute("CREATE TABLE student_alias_year (system_student_id VARCHAR, school_year INTEGER, student_id VARCHAR)")
# Days and whole numbers as DuckDB writes them.
query = open(sql).read().replace("CAST(date AS INT)", "(date - DATE '1970-01-01')").replace(" / 60", " // 60")
duckdb.execute(f"COPY ({query}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")
"""


def run(command):
    """Wall seconds, CPU seconds and peak memory in MiB of a command that must succeed."""
    begin = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed")
    return time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main(folder, sql, count, rounds=3):
    lake = os.path.join(folder, "lake")
    parts = os.path.join(lake, "attendance_event", "*.parquet")
    outs = {name: os.path.join(folder, f"{name}.parquet") for name in ("duckdb", "throughline")}
    contenders = {
        "duckdb": [sys.executable, "-c", DUCKDB, parts, sql, outs["duckdb"]],
        "throughline": [count, lake, "attendance_days", outs["throughline"], str(4 << 30)],
    }
    measured = {name: [] for name in contenders}
    for _ in range(int(rounds)):
        for name, command in contenders.items():
            measured[name].append(run(command))
    one, two = (f"SELECT * FROM '{out}'" for out in outs.values())
    differ = duckdb.execute(f"SELECT count(*) FROM (({one} EXCEPT {two}) UNION ALL ({two} EXCEPT {one}))").fetchall()
    if differ != [(0,)]:
        sys.exit(f"{differ[0][0]} rows differ")
    rows = duckdb.execute(f"SELECT count(*) FROM '{parts}'").fetchall()[0][0]
    print(f"{rows:,} rows in {len(glob.glob(parts))} parts, median of {rounds} rounds")
    base = [statistics.median(column) for column in zip(*measured["duckdb"])]
    for name, results in measured.items():
        wall, cpu, memory = (statistics.median(column) for column in zip(*results))
        print(
            f"{name:12} {wall:7.2f} s ({wall / base[0]:.2f} of DuckDB)   {cpu:7.2f} s CPU ({cpu / base[1]:.2f})"
            f"   {memory:6.0f} MiB"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
