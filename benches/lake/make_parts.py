"""Daily attendance of 115,000 students in 175 schools as the reader lays it out: one part a school year, a student's days
together, text as dictionary pages, row groups of a million rows, zstd. Parts that are already there are kept.

    make_parts.py LAKE YEARS
"""

import datetime
import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

STUDENTS, SCHOOLS, DAYS = 115_000, 175, 180
CHUNK = 5_750
CATEGORIES = ["present", "excused_absence", "unexcused_absence", "suspension_absence", "tardy", "early_departure"]
SHARES = [0.93, 0.96, 0.975, 0.98, 0.995]
WORD = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("student_id", WORD),
        ("date", pa.date32()),
        ("period", WORD),
        ("school_id", WORD),
        ("category", WORD),
        ("minutes", pa.float64()),
        ("school_year", pa.int32()),
        ("source_file", WORD),
        ("source_line", pa.int32()),
        ("loaded_at", pa.timestamp("ms", "UTC")),
    ]
)


def words(codes, labels):
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), labels)


def part(path, year, random, ids, school_of):
    first = (datetime.date(year - 1, 8, 20) - datetime.date(1970, 1, 1)).days
    days = np.array([first + i for i in range(260) if (first + i + 3) % 7 < 5][:DAYS], "int32")
    schools = pa.array([f"{i:04d}" for i in range(101, 101 + SCHOOLS)])
    options = dict(compression="zstd", compression_level=1, dictionary_pagesize_limit=1 << 24, store_schema=False)
    with pq.ParquetWriter(path + ".tmp", SCHEMA, **options) as writer:
        for begin in range(0, STUDENTS, CHUNK):
            n = CHUNK * DAYS
            student = np.repeat(np.arange(begin, begin + CHUNK, dtype="int32"), DAYS)
            line = 2 + begin * DAYS
            columns = [
                words(student, ids),
                pa.array(np.tile(days, CHUNK)).cast(pa.date32()),
                words(pa.nulls(n, pa.int32()), pa.array(["day"])),
                words(school_of[student], schools),
                words(np.searchsorted(SHARES, random.random(n)), pa.array(CATEGORIES)),
                pa.nulls(n, pa.float64()),
                pa.array(np.full(n, year, "int32")),
                words(np.zeros(n, "int32"), pa.array([f"attendance_{year}.csv"])),
                pa.array(np.arange(line, line + n, dtype="int32")),
                pa.array(np.zeros(n, "int64"), pa.timestamp("ms", "UTC")),
            ]
            writer.write_table(pa.table(columns, schema=SCHEMA), row_group_size=1 << 20)
    os.replace(path + ".tmp", path)


def main(lake, years):
    folder = os.path.join(lake, "attendance_event")
    os.makedirs(folder, exist_ok=True)
    random = np.random.default_rng(1)
    letters = np.array(list("0123456789abcdefghijklmnopqrstuvwxyz"))
    ids = pa.array(["".join(row) for row in letters[random.integers(0, 36, (STUDENTS, 12))]])
    school_of = np.sort(random.integers(0, SCHOOLS, STUDENTS)).astype("int32")
    for year in range(2026 - int(years), 2026):
        path = os.path.join(folder, f"{year}.parquet")
        if not os.path.exists(path):
            part(path, year, random, ids, school_of)


if __name__ == "__main__":
    main(*sys.argv[1:])
