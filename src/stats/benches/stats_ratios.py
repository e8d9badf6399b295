"""Speed of throughline-stats against fereg on generated panels, as ratios of one run.

Makes a scratch environment, installs fereg 0.4.1 into it, writes two panels as raw columns, times both
engines on them (best of several runs each) and checks that the numbers are the same.

    python3 src/stats/benches/stats_ratios.py [folder]
"""
import json
import os
import subprocess
import sys
import tempfile
import time
import venv

FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.join(tempfile.gettempdir(), "stats-bench")
SCRATCH = os.path.join(FOLDER, "env")


def environment():
    python = os.path.join(SCRATCH, "bin", "python")
    if not os.path.exists(python):
        venv.create(SCRATCH, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "fereg==0.4.1", "pandas", "numpy"], check=True)
    return python


def make_panels():
    import numpy as np

    rng = np.random.default_rng(20240607)
    # 115,000 students × 7 years; teachers stay in a school mostly, schools see all years.
    years, schools, teachers, per_year = 7, 175, 7500, 115_000
    n = years * per_year
    home = rng.integers(0, schools, teachers)
    year = np.repeat(np.arange(years), per_year)
    teacher = rng.integers(0, teachers, n)
    moved = rng.random((teachers, years)) < 0.04
    place = np.where(moved, rng.integers(0, schools, (teachers, years)), home[:, None])
    school = place[teacher, year]
    grade = (rng.integers(0, 13, teachers)[teacher] + (rng.random(n) < 0.15)) % 13
    school_year = school * years + year
    ability = rng.normal(size=teachers)
    write("teacher", teacher, "u32")
    write("school_year", school_year, "u32")
    write("grade", grade, "u32")
    shock = rng.normal(size=(teachers, years))
    x = [rng.gamma(2.0, 1.0 + 0.1 * j, size=(teachers, years))[teacher, year] + 0.3 * ability[teacher] + 0.1 * rng.normal(size=n)
         for j in range(20)]
    for j, v in enumerate(x):
        write(f"x{j}", v, "f64")
    for k in range(6):
        write(f"y{k}", 0.02 * x[k] + ability[teacher] + 0.2 * shock[teacher, year] + 0.1 * grade + rng.normal(size=n), "f64")
    # 535,000 student-years with student effects.
    m, students = 535_000, 110_000
    student = rng.integers(0, students, m)
    year = rng.integers(0, years, m)
    base = rng.integers(0, schools, students)
    grade = (rng.integers(0, 7, students)[student] + year) % 13
    school = np.where(rng.random(m) < 0.05, rng.integers(0, schools, m), base[student])
    staff = school * 43 + (grade * 3 + rng.integers(0, 4, m)) % 43
    cell = (school * 13 + grade) * years + year
    write("student", student, "u32")
    write("staff", staff, "u32")
    write("school_grade_year", cell, "u32")
    hours = rng.gamma(2.0, 1.0, size=m) + 0.2 * rng.normal(size=students)[student]
    other = rng.normal(size=m) + 0.1 * hours
    effect = rng.normal(size=int(staff.max()) + 1)
    write("hours", hours, "f64")
    write("other", other, "f64")
    write("score", 0.05 * hours + rng.normal(size=students)[student] + 0.2 * effect[staff] + rng.normal(size=m), "f64")
    write("count", rng.poisson(np.exp(0.05 * hours + 0.4 * rng.normal(size=students)[student] - 0.5)), "f64")


def write(name, values, kind):
    values.astype({"u32": "<u4", "f64": "<f8"}[kind]).tofile(os.path.join(FOLDER, f"{name}.{kind}"))


def read(name):
    import numpy as np

    path = os.path.join(FOLDER, name)
    if os.path.exists(path + ".u32"):
        return np.fromfile(path + ".u32", "<u4")
    return np.fromfile(path + ".f64", "<f8")


def rival():
    import fereg
    import pandas as pd

    def timed(name, runs, work):
        best, fit = float("inf"), None
        for _ in range(runs):
            start = time.perf_counter()
            fit = work()
            best = min(best, time.perf_counter() - start)
        print(json.dumps({"name": name, "seconds": best, "estimate": float(fit.coef().iloc[0]), "se": float(fit.se().iloc[0])}), flush=True)

    names = ["teacher", "school_year", "grade"] + [f"y{k}" for k in range(6)] + [f"x{j}" for j in range(20)]
    d = pd.DataFrame({c: read(c) for c in names})
    vcov = {"CRV1": "teacher"}
    one = lambda formula: fereg.feols(formula, data=d, vcov=vcov, fixef_rm="singleton")
    timed("one", 5, lambda: one("y0 ~ x0 + x1 | teacher + school_year + grade"))
    start = time.perf_counter()
    first = None
    for j in range(20):
        for k in range(6):
            fit = one(f"y{k} ~ x{j} | teacher + school_year + grade")
            first = first or fit
    timed_grid = time.perf_counter() - start
    print(json.dumps({"name": "grid", "seconds": timed_grid, "estimate": float(first.coef().iloc[0]), "se": float(first.se().iloc[0])}), flush=True)
    d = pd.DataFrame({c: read(c) for c in ["student", "staff", "school_grade_year", "hours", "other", "score", "count"]})
    vcov = {"CRV1": "student"}
    two = "student + school_grade_year"
    three = "student + staff + school_grade_year"
    timed("two", 3, lambda: fereg.feols(f"score ~ hours + other | {two}", data=d, vcov=vcov, fixef_rm="singleton"))
    timed("three", 3, lambda: fereg.feols(f"score ~ hours + other | {three}", data=d, vcov=vcov, fixef_rm="singleton"))
    timed("poisson-two", 2, lambda: fereg.fepois(f"count ~ hours + other | {two}", data=d, vcov=vcov, fixef_rm="singleton"))
    timed("poisson-three", 1, lambda: fereg.fepois(f"count ~ hours + other | {three}", data=d, vcov=vcov, fixef_rm="singleton"))


def lines(text):
    return {r["name"]: r for r in map(json.loads, filter(lambda s: s.startswith("{"), text.splitlines()))}


def main():
    os.makedirs(FOLDER, exist_ok=True)
    python = environment()
    subprocess.run([python, __file__, FOLDER, "panels"], check=True)
    theirs = lines(subprocess.run([python, __file__, FOLDER, "rival"], check=True, capture_output=True, text=True).stdout)
    command = ["cargo", "bench", "-q", "-p", "throughline-stats", "--bench", "panel", "--", FOLDER]
    ours = lines(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(f"{'':10} {'fereg s':>9} {'ours s':>9} {'ratio':>7}   largest relative difference")
    for name, r in ours.items():
        t = theirs.get(name)
        if t is None:
            print(f"{name:10} {'':>9} {r['seconds']:9.3f}")
            continue
        off = max(abs(r[k] / t[k] - 1.0) for k in ("estimate", "se"))
        print(f"{name:10} {t['seconds']:9.3f} {r['seconds']:9.3f} {t['seconds'] / r['seconds']:6.1f}x   {off:.1e}")


if __name__ == "__main__":
    {"panels": make_panels, "rival": rival}.get(sys.argv[2] if len(sys.argv) > 2 else "", main)()
