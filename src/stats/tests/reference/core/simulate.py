"""Simulates the panel the reference cases run on: students in schools over years, seen by teachers.

    python3 simulate.py        # writes panel.csv (seeded; values rounded so that every tool reads the same numbers)
"""
import csv

import numpy as np

rng = np.random.default_rng(1907)
schools, teachers, students, years = 14, 45, 260, 4
home = rng.integers(0, schools, teachers)
level = rng.normal(0, 0.6, schools)
skill = rng.normal(0, 0.4, teachers)
rows = []
for student in range(students):
    base = int(rng.integers(0, schools))
    ability = rng.normal(0, 0.8)
    offered = int(rng.random() < 0.5)
    for year in range(years):
        if rng.random() < 0.25:
            continue
        near = np.flatnonzero(home == base)
        teacher = int(rng.choice(near)) if len(near) and rng.random() < 0.85 else int(rng.integers(0, teachers))
        school = int(home[teacher])
        hours = max(0.0, 1.5 + 0.8 * skill[teacher] + 0.3 * year + rng.normal(0, 1))
        prior = ability + rng.normal(0, 0.5)
        attends = 0.2 + 0.6 * offered + 0.3 * ability + rng.normal(0, 0.5)
        mean = 0.12 * hours + 0.5 * prior + 0.3 * attends + level[school] + skill[teacher] + 0.1 * year
        score = mean + rng.normal(0, 0.4 + 0.2 * abs(prior)) + 0.3 * ability
        count = rng.negative_binomial(2.0, 2.0 / (2.0 + np.exp(0.2 + 0.1 * hours - 0.3 * prior + 0.5 * level[school])))
        passed = int(rng.random() < 1 / (1 + np.exp(-(0.3 * hours + 0.8 * prior + level[school] - 0.5))))
        weight = 0.5 + rng.gamma(2.0, 0.5)
        trials = 1 + (7 * student + 3 * year) % 5
        rows.append([student, teacher, school, year, score, hours, prior, hours * 2 - prior, attends, offered, count, passed, weight,
                     trials, min(trials, int(count)) / trials])

names = ["student", "teacher", "school", "year", "score", "hours", "prior", "twice", "attends", "offered", "incidents", "passed", "weight",
         "trials", "share"]
with open("panel.csv", "w", newline="") as f:
    out = csv.writer(f, lineterminator="\n")
    out.writerow(names)
    for r in rows:
        out.writerow([f"{v:.6g}" if isinstance(v, float) else int(v) for v in r])
