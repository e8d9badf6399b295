"""Writes the panels that are timed, as raw little-endian columns (`name.u32`, `name.f64`). Seeded.

    panels.py FOLDER
"""

import os
import sys

import numpy as np

FOLDER = sys.argv[1]
YEARS, SCHOOLS, TEACHERS = 7, 175, 7500


def write(name, values, kind):
    values.astype({"u32": "<u4", "f64": "<f8"}[kind]).tofile(os.path.join(FOLDER, f"{name}.{kind}"))


def district(rng):
    """115,000 students × 7 years; most teachers stay in their school. 20 exposures, 6 outcomes."""
    per_year = 115_000
    n = YEARS * per_year
    home = rng.integers(0, SCHOOLS, TEACHERS)
    year = np.repeat(np.arange(YEARS), per_year)
    teacher = rng.integers(0, TEACHERS, n)
    moved = rng.random((TEACHERS, YEARS)) < 0.04
    place = np.where(moved, rng.integers(0, SCHOOLS, (TEACHERS, YEARS)), home[:, None])
    grade = (rng.integers(0, 13, TEACHERS)[teacher] + (rng.random(n) < 0.15)) % 13
    ability = rng.normal(size=TEACHERS)
    shock = rng.normal(size=(TEACHERS, YEARS))
    write("teacher", teacher, "u32")
    write("school_year", place[teacher, year] * YEARS + year, "u32")
    write("grade", grade, "u32")
    x = []
    for j in range(20):
        hours = rng.gamma(2.0, 1.0 + 0.1 * j, size=(TEACHERS, YEARS))[teacher, year]
        x.append(hours + 0.3 * ability[teacher] + 0.1 * rng.normal(size=n))
        write(f"x{j}", x[j], "f64")
    for k in range(6):
        mean = 0.02 * x[k] + ability[teacher] + 0.2 * shock[teacher, year] + 0.1 * grade
        write(f"y{k}", mean + rng.normal(size=n), "f64")


def students(rng):
    """535,000 student-years: students, teachers, and cells of school, grade and year."""
    m, people = 535_000, 110_000
    student = rng.integers(0, people, m)
    year = rng.integers(0, YEARS, m)
    base = rng.integers(0, SCHOOLS, people)
    grade = (rng.integers(0, 7, people)[student] + year) % 13
    school = np.where(rng.random(m) < 0.05, rng.integers(0, SCHOOLS, m), base[student])
    staff = school * 43 + (grade * 3 + rng.integers(0, 4, m)) % 43
    own = rng.normal(size=people)
    hours = rng.gamma(2.0, 1.0, size=m) + 0.2 * own[student]
    effect = rng.normal(size=int(staff.max()) + 1)
    write("student", student, "u32")
    write("staff", staff, "u32")
    write("school_grade_year", (school * 13 + grade) * YEARS + year, "u32")
    write("hours", hours, "f64")
    write("other", rng.normal(size=m) + 0.1 * hours, "f64")
    write("score", 0.05 * hours + own[student] + 0.2 * effect[staff] + rng.normal(size=m), "f64")
    write("count", rng.poisson(np.exp(0.05 * hours + 0.4 * own[student] - 0.5)), "f64")


def staggered(rng):
    """115,000 units × 7 periods; half never start, the others in one of four periods, more likely with a larger x."""
    units, periods = 115_000, np.arange(1, YEARS + 1)
    x = rng.normal(size=units)
    late = rng.choice([3, 4, 5, 6], size=units)
    first = np.where(rng.random(units) < 1 / (1 + np.exp(-0.4 * x)), late, 0)
    level, slope = rng.normal(size=units) + x, 0.1 * x
    started = (first[:, None] > 0) & (periods >= first[:, None])
    effect = np.where(started, 0.3 + 0.1 * (periods - first[:, None]), 0.0)
    y = level[:, None] + (0.2 + slope[:, None]) * periods + effect + rng.normal(size=(units, YEARS))
    write("unit", np.repeat(np.arange(units), YEARS), "u32")
    write("period", np.tile(periods, units), "u32")
    write("first", np.repeat(first, YEARS), "u32")
    write("covariate", np.repeat(x, YEARS), "f64")
    write("outcome", y.ravel(), "f64")


rng = np.random.default_rng(20240607)
district(rng)
students(rng)
staggered(rng)
open(os.path.join(FOLDER, "done"), "w").close()
