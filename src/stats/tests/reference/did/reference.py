"""Simulates the staggered panel of these tests and writes what the reference packages say about it.

Needs: csdid 0.4.3, drdid 1.1.7, diff-diff 3.13.0, numpy, pandas (PyPI). Not needed to run the tests.
Run in this folder: python reference.py
"""

import json
import warnings

import numpy as np
import pandas as pd
from csdid.att_gt import ATTgt

warnings.simplefilter("ignore")
rng = np.random.default_rng(20260801)
UNITS, YEARS = 160, range(2011, 2018)

rows = []
for unit in range(UNITS):
    cluster = unit // 5
    x = rng.normal()
    share = np.exp(np.array([0.8, 0.3 * x, 0.2 * x, -0.2 * x]))
    cohort = int(rng.choice([0, 2013, 2014, 2016], p=share / share.sum()))
    weight = float(np.round(rng.uniform(0.5, 2.0), 3))
    level, drift = rng.normal(), 0.05 * x
    for year in YEARS:
        effect = (0.3 + 0.1 * (year - cohort)) if cohort and year >= cohort else 0.0
        z = 0.4 * x + 0.1 * (year - 2011) + rng.normal() * 0.5
        y = level + 0.1 * (year - 2011) + drift * (year - 2011) + 0.2 * z + effect + rng.normal() * 0.4
        rows.append((unit + 1, year, cohort, cluster + 1, weight, x, z, y))
names = ["unit", "year", "cohort", "cluster", "weight", "x", "z", "y"]
panel = pd.DataFrame(rows, columns=names).round(6)
panel.to_csv("panel.csv", index=False)
panel = pd.read_csv("panel.csv")

specs = []
for method in ["dr", "reg", "ipw"]:
    for control in ["nevertreated", "notyettreated"]:
        for covariates in ["", "x", "x + z"]:
            specs.append(dict(method=method, control=control, covariates=covariates))
specs += [
    dict(method="dr", control="notyettreated", covariates="x", weights="weight"),
    dict(method="ipw", control="nevertreated", covariates="x", weights="weight"),
    dict(method="dr", control="nevertreated", covariates="x", cluster="cluster"),
    dict(method="dr", control="notyettreated", covariates="x", cluster="cluster"),
    dict(method="dr", control="nevertreated", covariates="x", base="universal"),
    dict(method="reg", control="notyettreated", covariates="x", base="universal"),
    dict(method="dr", control="nevertreated", covariates="x", anticipation=1),
    dict(method="dr", control="notyettreated", covariates="", anticipation=1),
    dict(method="dr", control="notyettreated", covariates="x", subset="treated"),
]


def clean(values):
    return [None if v is None or not np.isfinite(v) else float(v) for v in np.atleast_1d(values)]


out = []
for spec in specs:
    data = panel[panel.cohort > 0] if spec.get("subset") == "treated" else panel
    fit = ATTgt(
        yname="y", gname="cohort", idname="unit", tname="year",
        xformla=f"y ~ {spec['covariates'] or 1}", data=data.copy(),
        control_group=[spec["control"]], anticipation=spec.get("anticipation", 0),
        weights_name=spec.get("weights"), clustervar=spec.get("cluster"),
        panel=True, allow_unbalanced_panel=False, cband=False,
    ).fit(est_method=spec["method"], base_period=spec.get("base", "varying"), bstrap=False)
    res = fit.results
    entry = dict(
        spec=spec, tool="csdid 0.4.3",
        group=[int(v) for v in res["group"]], time=[int(v) for v in res["year"]],
        att=clean(res["att"]), se=clean(res["se"]), wald=None, aggregations={},
    )
    if fit.MP.get("W") is not None:
        entry["wald"] = [float(fit.MP["W"]), float(fit.MP["Wpval"])]
    for kind in ["simple", "group", "dynamic", "calendar"]:
        agg = fit.aggte(kind, bstrap=False, cband=False).atte
        entry["aggregations"][kind] = dict(
            overall=float(np.ravel(agg["overall_att"])[0]), overall_se=float(np.ravel(agg["overall_se"])[0]),
            at=[] if agg.get("egt") is None else [int(v) for v in agg["egt"]],
            att=[] if agg.get("egt") is None else clean(agg["att_egt"]),
            se=[] if agg.get("egt") is None else clean(np.ravel(agg["se_egt"])),
        )
    out.append(entry)
json.dump(out, open("group_time.expected.json", "w"), indent=1)
print(len(out), "specifications")
