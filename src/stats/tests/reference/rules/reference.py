"""Sensitivity and power by independent tools, on regressions simulated here.

Robustness values, adjusted estimates and benchmark bounds: PySensemakr 0.0.8. Rosenbaum bounds: the formulas over scipy's
distributions. Minimum detectable effects: the formulas of Dong and Maynard (2013, PowerUp!) over scipy's t; power: its
noncentral t. Needs PySensemakr 0.0.8, pandas < 3, statsmodels, scipy. Not needed to run the tests.

    python reference.py        # writes rules.expected.json
"""

import json
import warnings

import numpy as np
import pandas as pd
import sensemakr as sk
import statsmodels.formula.api as smf
from scipy import stats

warnings.simplefilter("ignore")
rng = np.random.default_rng(41)
out = {"sensitivity": [], "rosenbaum": [], "mcnemar": [], "power": []}

for strength in (0.15, 0.4, 1.5):
    n = 240
    z, w = rng.normal(size=n), rng.normal(size=n)
    d = 0.4 * z + 0.1 * w + rng.normal(size=n)
    data = pd.DataFrame(dict(d=d, z=z, w=w, y=strength * d + 0.5 * z - 0.2 * w + rng.normal(size=n)))
    model = smf.ols("y ~ d + z + w", data).fit()
    sense = sk.Sensemakr(model=model, treatment="d", benchmark_covariates=["z"], kd=[1, 2])
    s = sense.sensitivity_stats
    treatment = smf.ols("d ~ z + w", data).fit()
    partial = lambda fit, name: float(fit.tvalues[name] ** 2 / (fit.tvalues[name] ** 2 + fit.df_resid))
    half = sk.Sensemakr(model=model, treatment="d", q=0.5).sensitivity_stats
    out["sensitivity"].append(dict(
        estimate=float(s["estimate"]), se=float(s["se"]), t=float(s["t_statistic"]), df=float(s["dof"]),
        partial_r2=float(s["r2yd_x"]), value=float(s["rv_q"]), value_significance=float(s["rv_qa"]),
        half=float(half["rv_q"]), half_significance=float(half["rv_qa"]),
        covariate=[partial(treatment, "z"), partial(model, "z")],
        bounds=[dict(k=k, r2_treatment=float(b.r2dz_x), r2_outcome=float(b.r2yz_dx), estimate=float(b.adjusted_estimate),
                     se=float(b.adjusted_se)) for k, (_, b) in zip((1, 2), sense.bounds.iterrows())]))

for _ in range(2):
    diff = (rng.normal(size=30) + 0.7).round(1)
    used = diff[diff != 0]
    rank = stats.rankdata(np.abs(used))
    statistic = rank[used > 0].sum()
    rows = []
    for gamma in (1.0, 1.5, 2.0, 3.0):
        tail = lambda p: float(stats.norm.sf((statistic - p * rank.sum()) / np.sqrt(p * (1 - p) * (rank**2).sum())))
        rows.append([gamma, tail(1 / (1 + gamma)), tail(gamma / (1 + gamma))])
    out["rosenbaum"].append(dict(differences=list(diff), bounds=rows))
for a, b in ((9, 1), (31, 12)):
    rows = [[g, float(stats.binom.sf(a - 1, a + b, 1 / (1 + g))), float(stats.binom.sf(a - 1, a + b, g / (1 + g)))]
            for g in (1.0, 1.3, 2.0)]
    out["mcnemar"].append(dict(treated_only=a, control_only=b, bounds=rows))


def design(kind, variance, df, **sizes):
    se = np.sqrt(variance)
    c = stats.t.ppf(0.975, df)
    # scipy gives NaN for a far tail of nothing.
    power = {str(e): float(stats.nct.sf(c, df, e / se) + np.nan_to_num(stats.nct.cdf(-c, df, e / se))) for e in (0.1, 0.2, 0.4)}
    out["power"].append(dict(kind=kind, sizes=sizes, df=df, mde=float((c + stats.t.ppf(0.8, df)) * se), power=power))


for n, p, g, r2 in ((400, 0.5, 1, 0.5), (90, 0.3, 0, 0.0)):
    design("individual", (1 - r2) / (p * (1 - p) * n), n - g - 2, n=n, share=p, covariates=g, r2=r2)
for j, n, p, g, r2, icc, w in ((40, 30, 0.5, 0, 0.5, 0.15, 0.2), (12, 50, 0.4, 1, 0.2, 0.1, 0.5)):
    design("blocked", icc * w / j + (1 - icc) * (1 - r2) / (p * (1 - p) * j * n), j - g - 1,
           blocks=j, n=n, share=p, covariates=g, r2=r2, icc=icc, effect_variation=w)
for j, n, p, g, r2, icc, top in ((60, 25, 0.5, 1, 0.5, 0.2, 0.6), (14, 80, 0.4, 0, 0.3, 0.1, 0.0)):
    q = p * (1 - p) * j
    design("clusters", icc * (1 - top) / q + (1 - icc) * (1 - r2) / (q * n), j - g - 2,
           clusters=j, n=n, share=p, covariates=g, r2=r2, icc=icc, r2_top=top)
for k, j, n, i2, i3 in ((60, 3, 15, 0.17, 0.06), (20, 4, 22, 0.1, 0.2)):
    q = 0.25 * k
    design("three levels", i3 / q + i2 / (q * j) + (1 - i2 - i3) / (q * j * n), k - 2, top=k, middle=j, n=n, icc=i2, icc_top=i3)

json.dump(out, open("rules.expected.json", "w"), indent=1)
print({k: len(v) for k, v in out.items()})
