"""The other staggered estimators on panel.csv: Sun-Abraham, imputation and the Bacon decomposition.

Sun-Abraham: the saturated regression written out and fitted by fereg 0.4.1 (CR1 by unit), its aggregates by the delta method with
cohort shares fixed, as R fixest's sunab. Imputation: diff-diff 3.13.0, and its estimate once more by least squares on the untreated rows.
Bacon: diff-diff's comparisons (2 x 2 means) with Goodman-Bacon's weights (his equations 7 and 10, written out here), which must and do
sum to the two-way coefficient that fereg gives.

    pip install fereg==0.4.1 diff-diff==3.13.0 pandas && python comparisons.py        # writes comparisons.expected.json
"""

import json
import warnings

import fereg
import numpy as np
import pandas as pd
from diff_diff import BaconDecomposition, ImputationDiD

warnings.simplefilter("ignore")
d = pd.read_csv("panel.csv")
out = {}

# Sun and Abraham
cohorts, years = sorted(g for g in d.cohort.unique() if g), sorted(d.year.unique())
cells = [(g, t) for g in cohorts for t in years if t != g - 1]
for g, t in cells:
    d[f"c{g}_{t}"] = ((d.cohort == g) & (d.year == t)).astype(float)
names = [f"c{g}_{t}" for g, t in cells]
fit = fereg.feols("y ~ " + " + ".join(names) + " | unit + year", data=d, vcov={"CRV1": "unit"}, fixef_rm="singleton")
beta = np.array([fit.coef()[n] for n in names])
V = np.asarray(fit._vcov)
order = [list(fit.coef().index).index(n) for n in names]
V = V[np.ix_(order, order)]
rows = np.array([float(d[n].sum()) for n in names])


def mean(chosen):
    w = np.where(chosen, rows, 0.0)
    w /= w.sum()
    return [float(w @ beta), float(np.sqrt(w @ V @ w))]


at = np.array([t - g for g, t in cells])
out["sun_abraham"] = dict(
    coefficients=[[int(g), int(t), float(b), float(np.sqrt(V[k, k]))] for k, ((g, t), b) in enumerate(zip(cells, beta))],
    event=[[int(e), *mean(at == e)] for e in sorted(set(at))],
    cohort=[[int(g), *mean(np.array([c == g and t >= c for c, t in cells]))] for g in cohorts],
    att=mean(at >= 0),
)

# Imputation
fit = ImputationDiD(aux_partition="cohort_horizon").fit(d, outcome="y", unit="unit", time="year", first_treat="cohort",
                                                       aggregate="event_study")
free = d[(d.cohort == 0) | (d.year < d.cohort)]
base = pd.get_dummies(d[["unit", "year"]].astype(str), dtype=float).to_numpy()
alpha = np.linalg.lstsq(base[free.index], free.y.to_numpy(), rcond=None)[0]
gap = (d.y.to_numpy() - base @ alpha)[~d.index.isin(free.index)]
assert abs(gap.mean() / fit.overall_att - 1) < 1e-10
out["imputation"] = dict(
    att=[float(gap.mean()), float(fit.overall_se)],
    event=[[int(h), float(e["effect"]), float(e["se"])] for h, e in sorted(fit.event_study_effects.items()) if h >= 0 and np.isfinite(e["se"])],
    treated=int(len(gap)),
)

# Bacon
d["on"] = ((d.cohort > 0) & (d.year >= d.cohort)).astype(float)
two_way = float(fereg.feols("y ~ on | unit + year", data=d, vcov="iid", fixef_rm="none").coef()["on"])
units = d.groupby("unit").cohort.first()
share = {g: float((units == g).mean()) for g in units.unique()}
on = {g: float(np.mean([t >= g for t in years])) if g else 0.0 for g in share}
bacon = BaconDecomposition(weights="exact").fit(d, outcome="y", unit="unit", time="year", first_treat="cohort")
comparisons = []
for c in bacon.comparisons:
    k, never = int(c.treated_group), c.control_group == "never_treated"
    l = 0 if never else int(c.control_group)
    n = share[k] + share[l]
    mix = share[k] / n * share[l] / n
    if never:
        weight = n**2 * mix * on[k] * (1 - on[k])
    elif k < l:  # before the later one starts
        a, b = on[k], on[l]
        weight = (n * (1 - b)) ** 2 * mix * (a - b) / (1 - b) * (1 - a) / (1 - b)
    else:  # after the earlier one started
        a, b = on[l], on[k]
        weight = (n * a) ** 2 * mix * b / a * (a - b) / a
    comparisons.append([k, l, float(c.estimate), weight])
total = sum(c[3] for c in comparisons)
for c in comparisons:
    c[3] /= total
assert abs(sum(c[2] * c[3] for c in comparisons) / two_way - 1) < 1e-10
out["bacon"] = dict(comparisons=comparisons, two_way=two_way)
json.dump(out, open("comparisons.expected.json", "w"), indent=1)
print(out["imputation"], out["bacon"], out["sun_abraham"]["att"])
