"""Counts what the reader makes of malformed and hostile files: panics, hangs, and rows that nobody was told of.

    python count.py FOLDER RECORDS CONVERT

Every file below FOLDER is read twice: as a preview of its records (RECORDS) and as an ingest into Parquet (CONVERT), the programs
built by `cargo build -p throughline-ingest --example records --example convert`. The delimiter is the one its first line has most of,
and its first two columns are mapped. A file may be refused, with a sentence; what is wrong is:

- a panic: a program ends with anything but 0, or 1 with an error that is not Rust's panic;
- a hang: it takes longer than a minute;
- a silent loss: read is not kept + rejected + duplicate; or the ingest counts other records than the preview; or Python's own csv
  module, where it can decode the file, finds more records than were read and nothing was said of the file.
"""

import collections
import csv
import io
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SECONDS = 60
MAPPING = """vendor = "Any"
table = "tool"
[dialect]
delimiter = {delimiter}
[columns]
tool_id = {{ from = {first} }}
name = {{ from = {second} }}
"""


def quoted(text):
    """A basic string of TOML."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def run(*arguments):
    """What a program said, or `panic` or `hang`."""
    try:
        done = subprocess.run(arguments, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "hang", "", ""
    out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    if done.returncode not in (0, 1) or "panicked" in err:
        return "panic", out, err
    return "fine" if done.returncode == 0 else "refused", out, err


def decoded(content):
    """The text of a file that Python can decode for certain; `None` of all others."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        names = ["utf-16"]
    else:
        names = ["utf-8-sig"]
    for name in names:
        try:
            return content.decode(name)
        except UnicodeDecodeError:
            pass
    return None


def delimiter(content):
    """What the first line has most of."""
    line = content.lstrip(b"\xef\xbb\xbf\xff\xfe").split(b"\n")[0]
    return max(",;\t|", key=lambda byte: line.count(byte.encode()))


def records(text, separator):
    """How many records Python finds below the header."""
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(cell.strip() for cell in row)]
    except csv.Error:
        return 0
    return max(len(rows) - 1, 0)


def judged(path, scratch, programs):
    """What became of one file: a word, and what is to be looked at."""
    content = path.read_bytes()
    separator = delimiter(content)
    export, mapping = scratch / "export", scratch / "mapping.toml"
    export.write_bytes(content)
    mapping.write_text(MAPPING.format(delimiter=quoted(separator), first='"x"', second='"x"'))
    how, out, err = run(programs[0], mapping, export)
    if how != "fine":
        return how if how != "refused" else "panic", err
    preview = json.loads(out)
    if "error" in preview:
        return "refused", preview["error"].split("\n")[0]
    names = [name for name in preview["names"] if name.strip() and not re.search(r"[\x00-\x08\x0b-\x1f]", name)]
    if not names:
        return "refused", "no column has a name"
    mapping.write_text(
        MAPPING.format(delimiter=quoted(separator), first=quoted(names[0]), second=quoted(names[-1])), encoding="utf-8"
    )
    shutil.rmtree(scratch / "out", ignore_errors=True)
    how, out, err = run(programs[1], mapping, export, scratch / "out", "1")
    if how != "fine":
        return how, err.split("\n")[0]
    counted = re.findall(r"read (\d+) kept (\d+) rejected (\d+) duplicate (\d+)", out)
    read, kept, rejected, duplicate = (sum(int(count[i]) for count in counted) for i in range(4))
    # A line of nothing but delimiters is an empty line; one with a quoted nothing is not, and the preview does not tell them apart.
    found = len(preview["rows"]) + len(preview["broken"])
    least = found - sum(1 for row in preview["rows"] if not any(row))
    if read != kept + rejected + duplicate:
        return "lost", f"read {read}, kept {kept}, rejected {rejected}, duplicate {duplicate}"
    if not least <= read <= found:
        return "lost", f"the ingest read {read}, the preview {found}"
    text = decoded(content)
    if text is not None and not rejected and not preview["notes"] and records(text, separator) > read:
        return "lost", f"Python finds {records(text, separator)} records, the reader {read}"
    return "read", f"kept {kept}, rejected {rejected}, duplicate {duplicate}"


def main(folder, *programs):
    files = sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file())
    total = collections.Counter()
    with tempfile.TemporaryDirectory() as scratch:
        for path in files:
            word, why = judged(path, pathlib.Path(scratch), programs)
            total[word] += 1
            if word in ("panic", "hang", "lost"):
                print(f"{word}: {path}: {why.strip()[:300]}")
    print(
        f"{len(files)} files: {total['read']} read, {total['refused']} refused with a sentence, "
        f"{total['panic']} panics, {total['hang']} hangs, {total['lost']} silent losses"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
