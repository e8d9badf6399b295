#!/usr/bin/env python3
"""Every specification of a folder of reference results, through the command line.

    benches/oracles/run.py FOLDER [--binary target/release/throughline] [--only TEXT] [--verbose]

FOLDER holds `<name>.csv` and `<name>.expected.json`: lists of {id, dataset, model, vcov, tool, estimates, ...} as made by R
and Python packages. Each is translated into one or more `throughline estimate` commands (regressions.py, designs.py), run on the
data with the columns the reference script derived (data.py), and compared. Printed: matched, not matched, worst relative
error, not supported and why. The exit code is 1 when something does not match that is not listed as a known difference.

Needs Python 3.10 and nothing else.
"""

import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import data
import designs
import regressions
from common import Known, NotSupported

TOLERANCE = {
    "least squares": 1e-8,
    # fixest removes three effects until they change by less than 1e-6; fereg and exact elimination agree with the engine to 1e-11.
    "least squares, reference iterates to 1e-6": 5e-6,
    "poisson and logit": 1e-6,
    "staggered adoption": 1e-8,
    "honest intervals": 5e-4,
    "mixed models": 1e-5,
    "matching": 1e-6,
    "rules and formulas": 1e-9,
    "printed to 4 decimals": 1.1e-4,
    "wild bootstrap": 1e-12,
    "growth percentiles": 1e-6,
}


class Program:
    """The command line under test."""

    def __init__(self, binary, folder, scratch):
        self.binary, self.folder, self.scratch = binary, folder, scratch
        self.commands = []

    def file(self, dataset):
        """The data set with its derived columns."""
        return data.prepared(self.folder / dataset, self.scratch)

    def write(self, name, header, rows):
        return data.write(self.scratch / name, header, rows)

    def estimate(self, *arguments):
        command = [self.binary, "estimate", *map(str, arguments), "--json", "--quiet"]
        self.commands.append(command)
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            return json.loads(done.stdout)
        said = done.stderr.strip().splitlines()
        reason = said[0] if said else f"exit code {done.returncode}"
        if "not supported" in reason or "unrecognized subcommand" in reason or "invalid value" in reason:
            raise NotSupported(reason.removeprefix("error: "))
        raise RuntimeError("\n".join(said))


def relative(expected, got):
    """Relative difference; absolute where the expected number is zero or rounding noise."""
    if expected is None and got is None:
        return 0.0
    if got is None or expected is None or math.isnan(got):
        return math.inf
    if abs(expected) < 1e-14:
        return abs(got)
    return abs(got - expected) / abs(expected)


def absolute(expected, got):
    return math.inf if got is None else abs(got - expected)


def judge(program, name, specification):
    """One line of the table: status, family, worst difference, which number, remark."""
    try:
        family, numbers = translate(program, name, specification)
    except NotSupported as why:
        return "not supported", "", None, "", str(why)
    except Known as why:
        return "known difference", why.family, None, "", str(why)
    except (RuntimeError, KeyError, IndexError, TypeError, ValueError) as why:
        return "not matched", "", None, "", f"{type(why).__name__}: {why}"
    measure = absolute if family in ("honest intervals", "printed to 4 decimals") else relative
    worst, label = 0.0, ""
    for what, expected, got in numbers:
        difference = measure(expected, got)
        if difference > worst or math.isnan(difference):
            worst, label = difference, f"{what}: {expected} expected, {got}"
    if not numbers:
        return "not matched", family, None, "", "nothing was compared"
    limit = TOLERANCE[family]
    return ("matched" if worst <= limit else "not matched"), family, worst, label, f"{len(numbers)} numbers"


def translate(program, name, specification):
    for module in (designs, regressions):
        found = module.translate(program, name, specification)
        if found is not None:
            return found
    raise NotSupported("the runner has no translation")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--binary", default="target/release/throughline")
    parser.add_argument("--only", default="", help="only specifications whose file or id holds this")
    parser.add_argument("--verbose", action="store_true", help="also the commands")
    options = parser.parse_args()
    lines, failures = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(options.folder.glob("*.expected.json")):
            name = path.name.removesuffix(".expected.json")
            for specification in json.loads(path.read_text()):
                label = f"{name}/{specification['id']}"
                if options.only not in label:
                    continue
                program = Program(options.binary, options.folder, pathlib.Path(scratch))
                status, family, worst, where, remark = judge(program, name, specification)
                failures += status == "not matched"
                lines.append((label, status, family, worst))
                shown = "" if worst is None else f"{worst:.1e}"
                print(f"{label:<52} {status:<16} {shown:>8}  {remark if status != 'not matched' else where or remark}")
                if options.verbose or status == "not matched":
                    for command in program.commands[-3:]:
                        print("    " + " ".join(f"'{c}'" if " " in c else c for c in command[1:]))
    summary(lines)
    sys.exit(1 if failures else 0)


def summary(lines):
    print("\n| family | matched | not matched | worst relative error |\n|---|---|---|---|")
    for family in sorted({line[2] for line in lines if line[2]}):
        mine = [line for line in lines if line[2] == family]
        matched = [line for line in mine if line[1] == "matched"]
        worst = max((line[3] for line in matched), default=0.0)
        missed = sum(line[1] == "not matched" for line in mine)
        print(f"| {family} | {len(matched)} | {missed} | {worst:.1e} |")
    for status in ("not supported", "known difference"):
        print(f"{status}: {sum(line[1] == status for line in lines)}")
    print(f"all: {len(lines)}")


if __name__ == "__main__":
    main()
