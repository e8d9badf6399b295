"""Alternates between the engine and its rivals, and prints seconds, ratios, differences and memory.

    compare.py FOLDER TIMINGS [MEASUREMENT...]
"""

import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER, TIMINGS, ONLY = sys.argv[1], sys.argv[2], sys.argv[3:]
ENVIRONMENT = {**os.environ, **{f"{name}_NUM_THREADS": "2" for name in ("RAYON", "OMP", "OPENBLAS", "MKL", "NUMBA")}}

# measurement, rival, rounds, what it is
PLAN = [
    ("one", "fereg", 9, "one estimate: 805,000 rows, teacher + school-year + grade, by teacher"),
    ("grid", "fereg", 2, "20 exposures × 6 outcomes on the same rows (fereg: a loop)"),
    ("two", "fereg", 5, "535,000 rows, student + school-grade-year, by student"),
    ("three", "fereg", 5, "the same with teacher"),
    ("poisson-two", "fereg", 3, "Poisson, student + school-grade-year"),
    ("poisson-three", "fereg", 2, "Poisson, with teacher"),
    ("did-never", "diff-diff", 5, "Callaway–Sant'Anna DR, 115,000 × 7, covariate, never treated"),
    ("did-notyet", "diff-diff", 5, "the same, not yet treated"),
    ("did-never", "csdid", 2, "never treated"),
    ("did-notyet", "csdid", 2, "not yet treated"),
]


class Worker:
    """A process that answers one line with one JSON line."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True, env=ENVIRONMENT)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{self.process.args[0]} died on {line}")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def engine():
    return Worker([TIMINGS, FOLDER])


def rival():
    return Worker([sys.executable, os.path.join(HERE, "rivals.py"), FOLDER])


def difference(ours, theirs):
    """Largest relative difference of estimates (to their error's size where that is larger) and errors."""
    assert len(ours) == len(theirs), f"{len(ours)} numbers against {len(theirs)}"
    worst = 0.0
    for i in range(0, len(ours), 2):
        for a, b, scale in ((ours[i], theirs[i], max(abs(theirs[i]), theirs[i + 1])), (ours[i + 1], theirs[i + 1], theirs[i + 1])):
            worst = max(worst, abs(a - b) / scale)
    return worst


def wanted(name):
    return not ONLY or name in ONLY


def main():
    print(f"{'':74} {'rival':>10} {'s':>8} {'ours s':>8} {'times':>7} {'range':>13} {'differ by':>10}")
    for name, package, rounds, what in PLAN:
        if not wanted(name):
            continue
        us, them = engine(), rival()
        pairs = []
        us.ask(name), them.ask(f"{name} {package}")  # warm: columns read, code paged in
        for _ in range(rounds):
            pairs.append((us.ask(name), them.ask(f"{name} {package}")))
        us.close(), them.close()
        off = max(difference(a["numbers"], b["numbers"]) for a, b in pairs)
        a, b = ([p[i]["seconds"] for p in pairs] for i in (0, 1))
        ratios = [y / x for x, y in zip(a, b)]
        span = f"{min(ratios):.1f}–{max(ratios):.1f}"
        print(f"{what:74} {package:>10} {statistics.median(b):8.3f} {statistics.median(a):8.3f} {statistics.median(ratios):6.1f}x "
              f"{span:>13} {off:10.1e}", flush=True)
    if wanted("wild999"):
        us = engine()
        us.ask("one"), us.ask("wild999")
        pairs = [(us.ask("one")["seconds"], us.ask("wild999")["seconds"]) for _ in range(5)]
        us.close()
        ratios = [w / o for o, w in pairs]
        print(f"\nwild cluster bootstrap, 999 draws, absorbing included: {statistics.median(w for _, w in pairs):.3f} s, "
              f"{statistics.median(ratios):.1f} times one estimate ({min(ratios):.1f}–{max(ratios):.1f})")
    print("\npeak resident memory of a fresh process (input, program and all) in units of the input (the columns used):")
    for name in dict.fromkeys([p[0] for p in PLAN] + ["wild999"]):
        if wanted(name):
            us = engine()
            answer = us.ask(name)
            us.close()
            print(f"  {name:14} {answer['input'] / 1e6:6.0f} MB  {answer['peak'] / answer['input']:5.2f}x", flush=True)


main()
