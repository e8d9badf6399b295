"""Simulates the matching data of these tests and writes what independent tools say about it.

Needs: statsmodels 0.15.0, scipy 1.17, pandas, numpy (PyPI). Not needed to run the tests.
Propensity: statsmodels Logit. Entropy balancing: scipy on the dual (BFGS, then Newton polish by fsolve). Strata: pandas. Nearest neighbours:
the greedy rule written out over the full distance matrix. Standard errors: statsmodels WLS (HC1, HC3, cluster).
Run in this folder: python reference.py
"""

import json

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.optimize import fsolve, minimize

rng = np.random.default_rng(77)
n = 260
x1 = rng.normal(size=n)
x2 = rng.gamma(2.0, size=n)
b = rng.integers(0, 2, size=n)
t = (rng.uniform(size=n) < 1 / (1 + np.exp(1.1 - 0.6 * x1 - 0.2 * x2 + 0.5 * b))).astype(int)
y = 1 + 0.5 * x1 + 0.3 * x2 + 0.4 * t + rng.normal(size=n)
data = pd.DataFrame(dict(t=t, x1=x1, x2=x2, b=b, y=y)).round(6)
data.to_csv("people.csv", index=False)
data = pd.read_csv("people.csv")
t, y = data.t.to_numpy(bool), data.y.to_numpy()
X = data[["x1", "x2", "b"]].to_numpy(float)
out = {}

fit = sm.Logit(t.astype(float), sm.add_constant(X)).fit(disp=0, method="newton", tol=1e-14, maxiter=100)
ps = fit.predict()
out["propensity"] = dict(coefficients=list(fit.params), score=list(ps))


def estimate(w, groups=None, kinds=("HC1", "HC3")):
    keep = w > 0
    model = sm.WLS(y[keep], sm.add_constant(t[keep].astype(float)), weights=w[keep])
    res = dict(estimate=float(model.fit().params[1]))
    for kind in kinds:
        res[kind] = float(model.fit(cov_type=kind).bse[1])
    if groups is not None:
        res["CR1"] = float(model.fit(cov_type="cluster", cov_kwds=dict(groups=groups[keep])).bse[1])
    return res


def ess(w):
    return float(w.sum() ** 2 / (w**2).sum())


for name, w in [("att", np.where(t, 1.0, ps / (1 - ps))), ("ate", np.where(t, 1 / ps, 1 / (1 - ps)))]:
    out["ipw_" + name] = dict(estimate(w), ess_treated=ess(w[t]), ess_comparison=ess(w[~t]))

# entropy balancing
C = X[~t] - X[t].mean(axis=0)
S = C / X[~t].std(axis=0)
dual = lambda l: np.log(np.exp(-S @ l).sum())
w_of = lambda l: np.exp(-S @ l) / np.exp(-S @ l).sum()
lam = fsolve(lambda l: S.T @ w_of(l), minimize(dual, np.zeros(3)).x, xtol=1e-15)
w = np.ones(n)
w[~t] = w_of(lam) * (~t).sum()
out["entropy"] = dict(estimate(w), weights=list(w[~t]), ess_comparison=ess(w[~t]))

# greedy nearest neighbours on the score
def greedy(replacement, caliper, ratio=1):
    free, pairs = ~t, []
    free = free.copy()
    order = sorted(np.flatnonzero(t), key=lambda i: (-ps[i], i))
    for _ in range(1 if replacement else ratio):
        for i in order:
            want = ratio if replacement else 1
            near = sorted((abs(ps[j] - ps[i]), j) for j in np.flatnonzero(free))
            for d, j in near[:want]:
                if d <= caliper:
                    pairs.append((int(i), int(j), float(d)))
                    if not replacement:
                        free[j] = False
    return pairs


for name, args in [
    ("nearest", (False, np.inf)), ("nearest_caliper", (False, 0.2 * ps.std(ddof=1))),
    ("nearest_replacement", (True, np.inf)), ("nearest_two", (False, np.inf, 2)),
]:
    pairs = greedy(*args)
    count = {i: sum(1 for p in pairs if p[0] == i) for i, _, _ in pairs}
    w, group = np.zeros(n), np.arange(n) + 10_000
    for i, j, _ in pairs:
        w[i] = 1
        w[j] += 1 / count[i]
        group[i], group[j] = i, i
    out[name] = dict(
        pairs=[[i, j] for i, j, _ in pairs], total_distance=sum(d for _, _, d in pairs),
        **estimate(w, None if "replacement" in name else group),
    )


def strata(labels):
    w = np.zeros(n)
    for _, rows in pd.Series(range(n)).groupby(labels):
        rows = rows.to_numpy()
        nt, nc = t[rows].sum(), (~t[rows]).sum()
        if nt and nc:
            w[rows] = np.where(t[rows], 1.0, nt / nc)
    return dict(estimate(w, labels), treated=int((w[t] > 0).sum()), comparison=int((w[~t] > 0).sum()))


bins = int(np.ceil(np.log2(n) + 1))
cut = lambda v: np.clip(np.searchsorted(np.linspace(v.min(), v.max(), bins + 1), v, side="right"), 1, bins)
out["coarsened"] = strata(cut(X[:, 0]) * 10_000 + cut(X[:, 1]) * 100 + X[:, 2].astype(int))
edges = np.quantile(ps[t], np.arange(1, 5) / 5)
out["subclass"] = strata(np.searchsorted(edges, ps, side="right"))

# balance of the caliper match: means, standardised by the raw treated spread, weighted variance ratio, distribution gaps
w = np.zeros(n)
for i, j in out["nearest_caliper"]["pairs"]:
    w[i] = w[j] = 1
rows = []
for k, name in enumerate(["x1", "x2", "b"]):
    v = X[:, k]
    a, c = v[t & (w > 0)], v[~t & (w > 0)]
    scale = np.sqrt(v[t].mean() * (1 - v[t].mean())) if name == "b" else v[t].std(ddof=1)
    grid = np.unique(v)
    gap = np.abs([(a <= g).mean() - (c <= g).mean() for g in grid])
    rows.append(dict(
        name=name, difference=float((a.mean() - c.mean()) / scale), unadjusted=float((v[t].mean() - v[~t].mean()) / scale),
        variance_ratio=None if name == "b" else float(a.var(ddof=1) / c.var(ddof=1)),
        ecdf_mean=float(abs(a.mean() - c.mean()) if name == "b" else gap.mean()),
        ecdf_max=float(abs(a.mean() - c.mean()) if name == "b" else gap.max()),
    ))
out["balance"] = rows
json.dump(out, open("matching.expected.json", "w"), indent=1)
