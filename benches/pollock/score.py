"""The Pollock score of the reader: how well it reads polluted CSV files whose true dialect is declared.

    python score.py FOLDER RECORDS

FOLDER holds `csv/` (polluted files), `parameters/` (the dialect of each) and `clean/` (the expected reading), as in the
benchmark of Vitagliano et al., "Pollock: A Data Loading Benchmark", VLDB 2023. RECORDS is the program built by
`cargo build -p throughline-ingest --example records`.

Ten measures from 0 to 1 for every file, averaged and added up: whether it loads, and precision, recall and F1 of header,
records and cells as multisets. Cells are compared as text (the benchmark also takes `1.0` for `1`, which is easier). Rows
that the reader rejects count as not loaded, and so do rows of another width than the header.
"""

import collections
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

MAPPING = """vendor = "Pollock"
table = "tool"
[dialect]
delimiter = {delimiter}
quote = {quote}
{escape}
encoding = {encoding}
skip = {skip}
header_lines = {header}
names = {names}
{trailer}
[columns]
tool_id = {{ from = "x" }}
name = {{ from = "x" }}
"""


def mapping(about):
    """The parameters of a file as a mapping."""
    quote, escape = about["quotechar"], about["escapechar"]
    footnotes = about["footnote_lines"]
    encodings = {"ascii": "utf-8"}
    return MAPPING.format(
        delimiter=json.dumps(about["delimiter"]),
        quote=json.dumps(quote),
        escape=f"escape = {json.dumps(escape)}" if escape and escape != quote else "",
        encoding=json.dumps(encodings.get(about["encoding"], about["encoding"])),
        skip=about["preamble_lines"],
        header=about["header_lines"],
        names=json.dumps(about["column_names"]),
        trailer=f"trailer_lines = {footnotes}" if footnotes else "",
    )


def measures(expected, found):
    """Precision, recall and F1 of two multisets."""
    if not expected:
        return [1.0, 1.0, 1.0]
    both = sum((collections.Counter(expected) & collections.Counter(found)).values())
    if not both:
        return [0.0, 0.0, 0.0]
    precision, recall = both / len(found), both / len(expected)
    return [precision, recall, 2 * precision * recall / (precision + recall)]


def main(folder, program):
    folder = pathlib.Path(folder)
    files = sorted((folder / "csv").iterdir())
    with tempfile.TemporaryDirectory() as scratch:
        arguments = []
        for file in files:
            about = json.loads((folder / "parameters" / f"{file.name}_parameters.json").read_text())
            written = pathlib.Path(scratch) / f"{file.name}.toml"
            written.write_text(mapping(about))
            arguments += [written, file]
        said = subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout
    total = [0.0] * 10
    for file, line in zip(files, said.splitlines(), strict=True):
        read = json.loads(line)
        with open(folder / "clean" / file.name, newline="", encoding="utf-8") as clean:
            header, *rows = csv.reader(clean)
        if "error" in read:
            print(f"{file.name}: {read['error']}")
            continue
        names = read["names"]
        found = [row for row in read["rows"] if len(row) == len(names)]
        scores = [
            1.0,
            *measures(header, names),
            *measures([tuple(row) for row in rows], [tuple(row) for row in found]),
            *measures([cell for row in rows for cell in row], [cell for row in found for cell in row]),
        ]
        total = [a + b for a, b in zip(total, scores)]
        if sum(scores) < 9.9:
            print(f"{file.name}: {sum(scores):.4f}")
    average = [score / len(files) for score in total]
    print("success, header, records, cells:", " ".join(f"{score:.4f}" for score in average))
    print(f"{len(files)} files, Pollock score (simple) {sum(average):.3f} of 10")


if __name__ == "__main__":
    main(*sys.argv[1:])
