"""The rivals' side: reads names of measurements from standard input, runs each once, answers with one JSON line.

    rivals.py FOLDER
"""

import json
import os
import sys
import time
import warnings

import fereg
import numpy as np
import pandas as pd
from csdid.att_gt import ATTgt
from diff_diff import CallawaySantAnna

warnings.simplefilter("ignore")
FOLDER = sys.argv[1]
frames = {}


def read(name):
    path = os.path.join(FOLDER, name)
    if os.path.exists(path + ".u32"):
        return np.fromfile(path + ".u32", "<u4").astype("int64")
    return np.fromfile(path + ".f64", "<f8")


def frame(columns):
    if columns not in frames:
        frames.clear()
        frames[columns] = pd.DataFrame({c: read(c) for c in columns})
    return frames[columns]


def table(fit):
    return [v for pair in zip(fit.coef(), fit.se()) for v in map(float, pair)]


Y = tuple(f"y{k}" for k in range(6))
X = tuple(f"x{j}" for j in range(20))
GROUPS = ("teacher", "school_year", "grade")


def grid(data):
    out = []
    for x in X:
        for y in Y:
            out += table(fereg.feols(f"{y} ~ {x} | teacher + school_year + grade", data=data, vcov={"CRV1": "teacher"},
                                     fixef_rm="singleton"))
    return out


def one(data):
    return table(fereg.feols("y0 ~ x0 + x1 | teacher + school_year + grade", data=data, vcov={"CRV1": "teacher"},
                             fixef_rm="singleton"))


STUDENTS = ("student", "staff", "school_grade_year", "hours", "other", "score", "count")


def student(estimator, outcome, effects):
    return lambda data: table(estimator(f"{outcome} ~ hours + other | {effects}", data=data, vcov={"CRV1": "student"},
                                        fixef_rm="singleton"))


PANEL = ("unit", "period", "first", "covariate", "outcome")


def with_diff_diff(control):
    def run(data):
        fit = CallawaySantAnna(control_group=control, estimation_method="dr").fit(
            data, outcome="outcome", unit="unit", time="period", first_treat="first", covariates=["covariate"])
        effects = [fit.group_time_effects[k] for k in sorted(fit.group_time_effects)]
        return [float(e[k]) for e in effects for k in ("effect", "se")] + [float(fit.overall_att), float(fit.overall_se)]
    return run


def with_csdid(control):
    def run(data):
        fit = ATTgt(yname="outcome", gname="first", idname="unit", tname="period", xformla="outcome ~ covariate",
                    data=data, control_group=[control], panel=True, cband=False).fit(est_method="dr", bstrap=False)
        res = fit.results
        order = sorted(range(len(res["group"])), key=lambda i: (res["group"][i], res["year"][i]))
        simple = fit.aggte("simple", bstrap=False, cband=False).atte
        total = [float(np.ravel(simple[k])[0]) for k in ("overall_att", "overall_se")]
        return [float(np.ravel(v)[0]) for i in order for v in (res["att"][i], res["se"][i])] + total
    return run


TWO, THREE = "student + school_grade_year", "student + staff + school_grade_year"
MEASUREMENTS = {
    ("one", "fereg"): (GROUPS + Y + X, one),
    ("grid", "fereg"): (GROUPS + Y + X, grid),
    ("two", "fereg"): (STUDENTS, student(fereg.feols, "score", TWO)),
    ("three", "fereg"): (STUDENTS, student(fereg.feols, "score", THREE)),
    ("poisson-two", "fereg"): (STUDENTS, student(fereg.fepois, "count", TWO)),
    ("poisson-three", "fereg"): (STUDENTS, student(fereg.fepois, "count", THREE)),
    ("did-never", "diff-diff"): (PANEL, with_diff_diff("never_treated")),
    ("did-notyet", "diff-diff"): (PANEL, with_diff_diff("not_yet_treated")),
    ("did-never", "csdid"): (PANEL, with_csdid("nevertreated")),
    ("did-notyet", "csdid"): (PANEL, with_csdid("notyettreated")),
}

for line in sys.stdin:
    columns, work = MEASUREMENTS[tuple(line.split())]
    data = frame(columns)
    saved, sys.stdout = sys.stdout, sys.stderr  # the packages print
    begin = time.perf_counter()
    numbers = work(data)
    seconds = time.perf_counter() - begin
    sys.stdout = saved
    print(json.dumps({"seconds": seconds, "numbers": numbers}), flush=True)
