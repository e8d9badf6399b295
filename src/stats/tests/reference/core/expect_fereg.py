"""Expected results of fereg 0.4.1 (agrees with R fixest) on panel.csv: least squares, 2SLS, Poisson, logit.

    pip install fereg==0.4.1 pandas && python3 expect_fereg.py
"""
import json
import warnings

import fereg
import pandas as pd

warnings.simplefilter("ignore")
data = pd.read_csv("panel.csv")
for pair in (("school", "year"), ("teacher", "year")):
    data["_x_".join(pair)] = data[pair[0]] * 1000 + data[pair[1]]
cases = []


def add(name, outcome, regressors, effects=(), vcov="iid", clusters=(), weights=None, keep=False, estimator="ols",
        endogenous=(), instruments=(), ssc=None, tolerance=1e-8):
    right = " + ".join(regressors) if regressors else "1"
    formula = f"{outcome} ~ {right}"
    if effects:
        formula += " | " + " + ".join(e.replace("^", "_x_") for e in effects)
    if endogenous:
        formula += f" | {' + '.join(endogenous)} ~ {' + '.join(instruments)}"
    if clusters:
        kind = {"crv1": "CRV1", "crv3": "CRV3"}[vcov]
        asked = {kind: "+".join(c.replace("^", "_x_") for c in clusters)}
    else:
        asked = {"iid": "iid", "hc1": "HC1"}[vcov]
    kwargs = {"fixef_rm": "none" if keep else "singleton"}
    if estimator in ("poisson", "logit"):
        kwargs["iwls_tol"] = 1e-13
    if weights:
        kwargs["weights"] = weights
    ours = {}
    if ssc:
        given = {"k_fixef": {"all": "full", "none": "none"}.get(ssc.get("count_levels"), "nonnested"),
                 "G_df": {"per_term": "conventional"}.get(ssc.get("cluster_factor"), "min")}
        kwargs["ssc"] = fereg.ssc(**given)
        ours["ssc"] = ssc
    fit = {"ols": fereg.feols, "iv": fereg.feols, "poisson": fereg.fepois,
           "logit": lambda *a, **k: fereg.feglm(*a, family="logit", **k)}[estimator](formula, data=data, vcov=asked, **kwargs)
    table = fit.tidy()
    terms = {}
    for term, row in table.iterrows():
        name_here = {"Intercept": "(Intercept)"}.get(term, term)
        terms[name_here] = {"estimate": float(row["Estimate"]), "se": float(row["Std. Error"])}
        # A p-value of 1e-20 multiplies a difference of 1e-8 in t by hundreds: compare it where it can matter.
        if row["Pr(>|t|)"] > (1e-250 if estimator in ("ols", "iv") else 1e-4):
            terms[name_here]["p"] = float(row["Pr(>|t|)"])
    cases.append({"id": name, "estimator": estimator, "outcome": outcome, "regressors": list(regressors),
                  "effects": list(effects), "vcov": vcov, "clusters": list(clusters), "weights": weights,
                  "keep_singletons": keep, "endogenous": list(endogenous), "instruments": list(instruments),
                  "tolerance": tolerance, "n": int(fit._N), "terms": terms, **ours})


x = ["hours", "prior"]
for v in ("iid", "hc1"):
    add(f"plain {v}", "score", x, vcov=v)
    add(f"plain weighted {v}", "score", x, vcov=v, weights="weight")
for v in ("iid", "hc1"):
    add(f"teacher and school-year {v}", "score", x, ["teacher", "school^year"], vcov=v)
for c in (["teacher"], ["school"], ["teacher", "year"], ["student", "school"]):
    for e in ([], ["teacher"], ["teacher", "year"], ["student", "teacher", "year"], ["teacher", "school^year"]):
        add(f"{'+'.join(e) or 'no effects'} by {'+'.join(c)}", "score", x, e, vcov="crv1", clusters=c)
add("weighted, teacher and year by teacher", "score", x, ["teacher", "year"], vcov="crv1", clusters=["teacher"], weights="weight")
add("weighted, three effects by school", "score", x, ["student", "teacher", "year"], vcov="crv1", clusters=["school"], weights="weight")
add("all levels count", "score", x, ["teacher", "year"], vcov="crv1", clusters=["teacher"], ssc={"count_levels": "all"})
add("no level counts", "score", x, ["teacher", "year"], vcov="crv1", clusters=["teacher"], ssc={"count_levels": "none"})
add("each term its own factor", "score", x, ["year"], vcov="crv1", clusters=["teacher", "year"], ssc={"cluster_factor": "per_term"})
add("singletons kept", "score", x, ["student", "teacher"], vcov="crv1", clusters=["school"], keep=True)
add("CR3 by school", "score", x, vcov="crv3", clusters=["school"])
add("CR3 by school, school effects", "score", x, ["school"], vcov="crv3", clusters=["school"])
add("lottery", "score", ["prior"], vcov="hc1", estimator="iv", endogenous=["attends"], instruments=["offered"])
add("lottery, iid", "score", ["prior"], vcov="iid", estimator="iv", endogenous=["attends"], instruments=["offered"])
add("lottery by student with effects", "score", ["prior"], ["school", "year"], vcov="crv1", clusters=["student"],
    estimator="iv", endogenous=["attends"], instruments=["offered"])
for e, v, c in ([], "iid", []), ([], "hc1", []), (["school"], "crv1", ["teacher"]), (["teacher", "year"], "crv1", ["teacher"]), \
        (["student", "year"], "crv1", ["school"]), (["teacher", "school^year"], "iid", []):
    add(f"Poisson {'+'.join(e) or 'plain'} {v}", "incidents", x, e, vcov=v, clusters=c, estimator="poisson", tolerance=1e-6)
for e, v, c in ([], "iid", []), (["school"], "crv1", ["teacher"]), (["school", "year"], "iid", []):
    add(f"logit {'+'.join(e) or 'plain'} {v}", "passed", x, e, vcov=v, clusters=c, estimator="logit", tolerance=1e-6)

with open("fereg.json", "w") as f:
    json.dump({"made_by": "expect_fereg.py with fereg 0.4.1", "data": "panel.csv", "cases": cases}, f, indent=1)
print(len(cases), "cases")
