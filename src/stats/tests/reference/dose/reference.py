"""Simulates hours of training and writes what statsmodels says about bins and a natural spline (patsy's cr basis, same knots).

Needs: statsmodels 0.15.0, patsy, numpy, pandas (PyPI). Not needed to run the tests. Run in this folder: python reference.py
"""

import json

import numpy as np
import pandas as pd
import statsmodels.api as sm
from patsy import dmatrix

rng = np.random.default_rng(3)
n = 300
g = np.arange(n) // 10
hours = np.where(rng.uniform(size=n) < 0.4, 0.0, rng.gamma(2.0, 8.0, size=n)).round(2)
x = rng.normal(size=n).round(4)
y = (0.3 * np.log1p(hours) + 0.5 * x + rng.normal(size=n // 10)[g] * 0.3 + rng.normal(size=n)).round(5)
pd.DataFrame(dict(hours=hours, x=x, y=y, g=g)).to_csv("hours.csv", index=False)
out = {}
cl = dict(cov_type="cluster", cov_kwds=dict(groups=g), use_t=True)
b = np.digitize(hours, [0.01, 8, 20])
D = np.column_stack([b == k for k in (1, 2, 3)]).astype(float)
fit = sm.OLS(y, np.column_stack([np.ones(n), D, x])).fit(**cl)
f = fit.f_test(np.eye(5)[1:4])
out["bins"] = dict(estimate=list(fit.params[1:4]), se=list(fit.bse[1:4]), f=float(np.squeeze(f.fvalue)), p=float(np.squeeze(f.pvalue)))
knots = np.quantile(hours[hours > 0], [0.05, 0.35, 0.65, 0.95])
names = "cr(h, knots=k[1:-1], lower_bound=k[0], upper_bound=k[-1])"


def linear_tails(h):
    """patsy's cr refuses values beyond its bounds only in bs; cr extrapolates linearly."""
    return np.asarray(dmatrix(names + " - 1", dict(h=h, k=knots)))


S = linear_tails(hours)  # columns add to one: holds the intercept
fit = sm.OLS(y, np.column_stack([S, x])).fit(**cl)
at = np.array([5.0, 15.0, 40.0])
C = linear_tails(at) - linear_tails(np.array([0.0]))
C = np.column_stack([C, np.zeros(3)])
t = fit.t_test(C)
any_ = np.column_stack([linear_tails(np.array([2.0, 10.0, 30.0])) - linear_tails(np.array([0.0])), np.zeros(3)])
f = fit.f_test(any_)
out["spline"] = dict(knots=list(knots), at=list(at), estimate=list(t.effect), se=list(np.ravel(t.sd)), f=float(np.squeeze(f.fvalue)))
json.dump(out, open("dose.expected.json", "w"), indent=1)
