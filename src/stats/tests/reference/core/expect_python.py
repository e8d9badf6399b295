"""Expected results of linearmodels (2SLS), statsmodels (logit, binomial, Poisson, negative binomial) and wildboottest
(enumerated wild bootstrap) on panel.csv: a second opinion beside fereg and R.

    pip install linearmodels==7.1 statsmodels==0.15.0 wildboottest==0.3.2 pandas && python3 expect_python.py
"""
import json
import warnings

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from linearmodels.iv import IV2SLS
from wildboottest.wildboottest import WildboottestCL

warnings.simplefilter("ignore")
data = pd.read_csv("panel.csv")
cases = []
NONE = {"adjust_parameters": False, "adjust_clusters": False}


def add(name, estimator, outcome, regressors, terms, tolerance=1e-8, **more):
    cases.append({"id": name, "estimator": estimator, "outcome": outcome, "regressors": regressors, "tolerance": tolerance,
                  "keep_singletons": True, "terms": terms, **more})


def terms(params, errors, names=("Intercept", "hours", "prior")):
    shown = {"Intercept": "(Intercept)", "const": "(Intercept)"}
    return {shown.get(n, n): {"estimate": float(params[n]), "se": float(errors[n])} for n in names if n in params.index}


# Two-stage least squares; `debiased` is the factor n/(n-K), clustered also G/(G-1) (n-1)/n.
model = IV2SLS.from_formula("score ~ 1 + prior + [attends ~ offered]", data)
over = IV2SLS.from_formula("score ~ 1 + prior + [attends ~ offered + hours]", data)
for tag, m, instruments in (("", model, ["offered"]), (" overidentified", over, ["offered", "hours"])):
    for vcov, kwargs in (("iid", dict(cov_type="unadjusted")), ("hc1", dict(cov_type="robust")),
                         ("crv1", dict(cov_type="clustered", clusters=data["school"]))):
        fit = m.fit(debiased=True, **kwargs)
        more = {"clusters": ["school"]} if vcov == "crv1" else {}
        add(f"linearmodels 2SLS{tag} {vcov}", "iv", "score", ["prior"],
            terms(fit.params, fit.std_errors, ("Intercept", "prior", "attends")),
            endogenous=["attends"], instruments=instruments, vcov=vcov, **more)

# Likelihood models, iterated to rounding.
X = sm.add_constant(data[["hours", "prior"]])
tight = dict(tol=1e-14, maxiter=200)
for family, estimator, outcome in ((sm.families.Binomial(), "logit", "passed"), (sm.families.Poisson(), "poisson", "incidents")):
    fit = sm.GLM(data[outcome], X, family=family).fit(**tight)
    add(f"statsmodels {estimator} iid", estimator, outcome, ["hours", "prior"], terms(fit.params, fit.bse, X.columns), vcov="iid",
        ssc=NONE, log_likelihood=float(fit.llf))
    for vcov, kwargs, more in (("hc1", dict(cov_type="HC0"), {}),
                               ("crv1", dict(cov_type="cluster", cov_kwds=dict(groups=data["school"], use_correction=False)),
                                {"clusters": ["school"]})):
        fit = sm.GLM(data[outcome], X, family=family).fit(**tight, **kwargs)
        add(f"statsmodels {estimator} {vcov} without factors", estimator, outcome, ["hours", "prior"],
            terms(fit.params, fit.bse, X.columns), vcov=vcov, ssc=NONE, **more)
fit = sm.GLM(data["share"], X, family=sm.families.Binomial(), var_weights=data["trials"]).fit(**tight)
add("statsmodels binomial, trials as weights", "logit", "share", ["hours", "prior"], terms(fit.params, fit.bse, X.columns),
    vcov="iid", ssc=NONE, weights="trials")
dummies = pd.concat([X, pd.get_dummies(data[["school", "year"]].astype(str), drop_first=True, dtype=float)], axis=1)
fit = sm.GLM(data["incidents"], dummies, family=sm.families.Poisson()).fit(**tight)
add("statsmodels Poisson with dummies", "poisson", "incidents", ["hours", "prior"],
    terms(fit.params, fit.bse, ("hours", "prior")), vcov="iid", ssc=NONE, effects=["school", "year"])
fit = sm.GLM(data["passed"], dummies, family=sm.families.Binomial()).fit(**tight)
add("statsmodels logit with dummies", "logit", "passed", ["hours", "prior"],
    terms(fit.params, fit.bse, ("hours", "prior")), vcov="iid", ssc=NONE, effects=["school", "year"])
start = smf.negativebinomial("incidents ~ hours + prior", data).fit(disp=0, method="bfgs", maxiter=500)
fit = smf.negativebinomial("incidents ~ hours + prior", data).fit(disp=0, method="newton", start_params=start.params, tol=1e-14)
add("statsmodels negative binomial (estimates)", "negative_binomial", "incidents", ["hours", "prior"],
    {n: {"estimate": t["estimate"]} for n, t in terms(fit.params, fit.bse).items()}, vcov="iid", tolerance=1e-6,
    log_likelihood=float(fit.llf))

# Least squares with every level as a dummy: plain, HC1 to HC3, and clustered without factors.
plain = sm.OLS(data["score"], X)
effects = sm.OLS(data["score"], dummies)
for kind in ("HC1", "HC2", "HC3"):
    fit = plain.fit(cov_type=kind, use_t=True)
    add(f"statsmodels {kind}", "ols", "score", ["hours", "prior"], terms(fit.params, fit.bse, X.columns), vcov=kind.lower())
for kind in ("HC2", "HC3"):
    one = sm.OLS(data["score"], dummies[[c for c in dummies if not c.startswith("year")]]).fit(cov_type=kind, use_t=True)
    add(f"statsmodels {kind}, school effects", "ols", "score", ["hours", "prior"], terms(one.params, one.bse, ("hours", "prior")),
        vcov=kind.lower(), effects=["school"])
for cluster in ("school", "teacher"):
    fit = effects.fit(cov_type="cluster", cov_kwds=dict(groups=data[cluster], use_correction=False), use_t=True)
    add(f"statsmodels dummies by {cluster}", "ols", "score", ["hours", "prior"], terms(fit.params, fit.bse, ("hours", "prior")),
        vcov="crv1", effects=["school", "year"], clusters=[cluster], ssc=NONE)

# Wild cluster bootstrap, null imposed, all 2^4 sign combinations. The package's own p-value counts |t*| > |t|, so that the draw that
# repeats the data counts or not by its last bit; the weak inequality is applied to its draws here.
for name, formula in (("plain", "score ~ hours + prior"), ("school effects", "score ~ hours + prior + C(school)")):
    model = smf.ols(formula, data)
    chosen = np.array([float(n == "hours") for n in model.exog_names])
    boot = WildboottestCL(X=model.exog, Y=model.endog, cluster=data["year"], R=chosen, B=9999, seed=1, parallel=False)
    boot.get_scores(bootstrap_type="11", impose_null=True, adj=True, cluster_adj=True)
    boot.get_weights(weights_type="rademacher")
    boot.get_numer()
    boot.get_denom()
    boot.get_tboot()
    boot.get_vcov()
    boot.get_tstat()
    t = abs(float(np.ravel(boot.t_stat)[0]))
    more = {} if name == "plain" else {"effects": ["school"]}
    draws = np.ravel(boot.t_boot)
    assert len(draws) in (16, 17), len(draws)
    p = float(np.mean(np.abs(draws[-16:]) >= t * (1 - 1e-9)))
    add(f"wildboottest by year, {name}", "ols", "score", ["hours", "prior"], {"hours": {"p": p}}, vcov="wild", clusters=["year"],
        **more)

with open("python.json", "w") as f:
    json.dump({"made_by": "expect_python.py with linearmodels 7.1, statsmodels 0.15.0, wildboottest 0.3.2", "data": "panel.csv",
               "cases": cases}, f, indent=1)
print(len(cases), "cases")
