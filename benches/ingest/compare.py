"""Runs every contender in turn, each in its own process with two threads, and prints time, memory and size beside
DuckDB's.

    compare.py FOLDER CONVERT MAPPING [ROUNDS]
"""

import os
import shutil
import statistics
import sys
import time

DUCKDB = """
import duckdb, sys
duckdb.execute("SET threads = 2")
duckdb.execute(f'''
    COPY (SELECT * FROM read_csv('{sys.argv[1]}', header = true, dateformat = '%m/%d/%Y', columns = {{
        'Att_Date': 'DATE', 'Student_Number': 'VARCHAR', 'School_ID': 'VARCHAR', 'Att_Code': 'VARCHAR'}}))
    TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd)''')
"""

POLARS = """
import polars as pl, sys
pl.scan_csv(sys.argv[1], schema={
    'Att_Date': pl.String, 'Student_Number': pl.String, 'School_ID': pl.String, 'Att_Code': pl.String
}).with_columns(pl.col('Att_Date').str.to_date('%m/%d/%Y')).sink_parquet(sys.argv[2], compression='zstd')
"""


def run(command, environment=None):
    """Wall seconds, CPU seconds and peak memory in MiB of a command that must succeed."""
    begin = time.perf_counter()
    process = os.posix_spawnp(
        command[0],
        command,
        {**os.environ, **(environment or {})},
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(process, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed")
    seconds = time.perf_counter() - begin
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def size(path):
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(
        os.path.getsize(os.path.join(folder, file))
        for folder, _, files in os.walk(path)
        for file in files
        if file.endswith(".parquet")
    )


def main(folder, convert, mapping, rounds=3):
    source = os.path.join(folder, "attendance.csv")
    out = os.path.join(folder, "out")
    with open(source, "rb") as file:
        while file.read(1 << 24):
            pass  # everyone finds the file in memory
    contenders = {
        "Throughline": ([convert, mapping, source, out, "2"], None),
        "DuckDB": ([sys.executable, "-c", DUCKDB, source, out], None),
        "Polars": (
            [sys.executable, "-c", POLARS, source, out],
            {"POLARS_MAX_THREADS": "2"},
        ),
    }
    results = {name: [] for name in contenders}
    sizes = {}
    for _ in range(int(rounds)):
        for name, (command, environment) in contenders.items():
            shutil.rmtree(out, ignore_errors=True)
            if os.path.exists(out):
                os.remove(out)
            results[name].append(run(command, environment))
            sizes[name] = size(out)
    wall, processor, memory = (
        {name: statistics.median(r[i] for r in rs) for name, rs in results.items()}
        for i in range(3)
    )
    print(f"{os.path.getsize(source) / 1e6:.0f} MB, median of {rounds} rounds")
    print("| | wall s | CPU s | peak MiB | Parquet MB | wall / DuckDB | CPU / DuckDB |")
    print("|---|---|---|---|---|---|---|")
    for name in contenders:
        print(
            f"| {name} | {wall[name]:.2f} | {processor[name]:.2f} | {memory[name]:.0f} | {sizes[name] / 1e6:.0f} "
            f"| {wall[name] / wall['DuckDB']:.2f} | {processor[name] / processor['DuckDB']:.2f} |"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
