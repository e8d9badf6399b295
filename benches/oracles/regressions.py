"""Regressions: fixest, fereg, clubSandwich, sandwich, estimatr, statsmodels and lme4 specifications as commands."""

import ast
import csv
import math
import re

from common import Known, NotSupported, by_term, compare

FULL = {"estimate": "estimate", "se": "se", "t": "statistic", "p": "p", "ci_lo": "lower", "ci_hi": "upper", "df": "df"}
ESTIMATE = {"estimate": "estimate", "se": "se"}
# R's reference level where it is not the first in sorted order.
REFERENCE = {"star_long": {"cltype": "reg", "sx": "M", "eth": "W"}}
ONE_PASS = "fixest 0.12 drops singletons in one pass; reghdfe, fereg and this engine until none is left"


def translate(program, name, spec):
    if "model" not in spec or "~" not in spec["model"] or "estimates" not in spec:
        return None
    if "lme4" in spec.get("tool", ""):
        return mixed(program, name, spec)
    return regression(program, name, spec)


def rename(term):
    term = {"Intercept": "(Intercept)"}.get(term, term)
    # estimatr names a comparison by its source.
    return {'I(cltype == "small")TRUE': "small", 'I(cltype == "reg+A")TRUE': "aide"}.get(term, term)


def plain(rows):
    """Our `factor(x)level` is R's `xlevel`."""
    return [{**row, "term": re.sub(r"factor\(([\w.]+)\)", r"\1", row["term"])} for row in rows]


def regression(program, name, spec):
    identity, tool, vcov = spec["id"], spec["tool"], spec.get("vcov", "iid")
    if identity == "R_fe_id_sch_gr_cl_sch_singleton" or identity.startswith("R_akm_id_tch"):
        raise Known("least squares", ONE_PASS)
    model = spec["model"].split(";")[0]
    model = re.sub(r"\s*\(ref (\w+)\)", "", model)
    if spec.get("fe"):
        model = f"{model} | {spec['fe']}"
    for column, level in REFERENCE.get(name, {}).items():
        model = re.sub(rf"\b{column}\b", f'factor({column}, ref="{level}")', model)
    poisson, logit = "fepois" in identity, "felogit" in identity
    verb = "poisson" if poisson else "logit" if logit else "ols"
    arguments, fields = variance(vcov, identity, tool, spec)
    if (poisson or logit) and "iid" not in vcov and "hetero" not in vcov:
        # fixest judges these by the normal distribution but builds intervals with t.
        fields = {k: v for k, v in fields.items() if not k.startswith("ci_")}
    if "fixest" in tool or spec.get("opts", {}).get("fixef_rm") == "none" or "numpy" in tool:
        arguments.append("--keep-singletons")
    condition = spec.get("filter")
    if name == "ehec":
        condition = "used == 1"
    if condition:
        arguments += ["--where", condition]
    fit = program.estimate(verb, program.file(spec["dataset"]), model, *arguments)
    numbers = compare(spec["estimates"], plain(fit["coefficients"]), fields, rename)
    if spec.get("n") is not None:
        numbers.append(("n", spec["n"], fit["n"]))
    if spec.get("df_t") is not None and verb == "ols":
        numbers += [("df", spec["df_t"], c["df"]) for c in fit["coefficients"]]
    if spec.get("vcov_matrix"):
        numbers += matrix(spec["vcov_matrix"], fit["covariance"])
    within = spec.get("wr2", spec.get("r2_within"))
    if within is not None and verb == "ols":
        # A difference of near-equal sums in the reference: its absolute error is what matters.
        numbers.append(("within R2, + 1", 1 + within, 1 + fit["r2_within"]))
    if spec.get("ll") is not None and verb != "ols":
        numbers.append(("log-likelihood", spec["ll"], fit["log_likelihood"]))
    if spec.get("rv_q1") is not None:
        numbers += robustness(program, spec, model)
    if "fixest" in tool and model.count("|") and model.split("|")[1].count("+") >= 2 and verb == "ols":
        return "least squares, reference iterates to 1e-6", numbers
    return ("poisson and logit" if poisson or logit else "least squares"), numbers


def matrix(expected, got):
    scale = max(abs(v) for row in expected for v in row)
    pairs = zip((v for row in expected for v in row), (v for row in got for v in row))
    return [("covariance", 1 + e / scale, 1 + g / scale) for e, g in pairs]


def robustness(program, spec, model):
    term = spec["estimates"][0]["term"]
    got = program.estimate("sensitivity", "regression", program.file(spec["dataset"]), model, "--treatment", term)
    return [
        ("partial R2", spec["r2yd_x"], got["partial_r2"]),
        ("robustness value", spec["rv_q1"], got["robustness_value"]),
        ("robustness value for the test", spec["rv_q1_a05"], got["robustness_value_significance"]),
    ]


def variance(vcov, identity, tool, spec):
    """Options for a variance as the reference tool names it, and the numbers worth comparing."""
    ssc, kind, clusters, fields = [], None, "", dict(FULL)
    if "statsmodels" in tool and "cluster" not in vcov:
        return ["--vcov", "iid"], {"estimate": "estimate", "se": "se", "t": "statistic"}
    if vcov.startswith("{"):
        (name, clusters), = ast.literal_eval(vcov).items()
        kind = name.lower()
    elif vcov.startswith("~"):
        kind, clusters = "crv1", vcov[1:]
    elif match := re.match(r"(CRV1|CR0|CR1S|CR1|CR2|CR3) ([\w+]+)", vcov):
        kind, clusters = match[1].lower(), match[2]
        if kind in ("cr0", "cr1", "cr1s"):
            # clubSandwich tests these with Satterthwaite degrees of freedom.
            fields = dict(ESTIMATE)
            ssc = {"cr0": ["K.adj=false", "G.adj=false"], "cr1": ["K.adj=false"], "cr1s": []}[kind]
            kind = "crv1"
        elif kind == "cr3":
            # clubSandwich leaves out the small-sample factors and tests with Satterthwaite degrees of freedom.
            kind, fields, ssc = "crv3", dict(ESTIMATE), ["K.adj=false", "G.adj=false"]
    elif vcov.startswith("vcovCL") or "cluster 2 groups" in vcov:
        kind, clusters, fields = "crv1", "firm+year" if "2way" in identity else "firm", dict(ESTIMATE)
        ssc = ["G.df=conventional"] + (["G.cross=hc0"] if "multi0=TRUE" in vcov else [])
    else:
        kind = vcov.split()[0].lower()
    if kind in ("hc2", "hc3"):
        fields = dict(ESTIMATE)
    if kind == "cr2":
        fields = {"estimate": "estimate", "se": "se", "df": "df", "p": "p"}
    options = str(spec.get("opts", {})) + vcov
    if "conventional" in identity or "'G_df': 'conventional'" in options or "each term" in options:
        ssc.append("G.df=conventional")
    for level in ("full", "none"):
        if identity.endswith("_" + level) or f"'k_fixef': '{level}'" in options:
            ssc.append(f"K.fixef={level}")
    if identity.endswith("exactK"):
        ssc.append("K.exact=true")
    if identity.endswith("noadj"):
        ssc.append("K.adj=false")
    arguments = ["--vcov", kind]
    if clusters:
        arguments += ["--cluster", ",".join(c.strip() for c in clusters.split("+"))]
    if ssc:
        arguments += ["--ssc", ",".join(dict.fromkeys(ssc))]
    return arguments, fields


def mixed(program, name, spec):
    model = spec["model"]
    for column, level in {**REFERENCE.get(name, {}), "cltype": "small"}.items():
        model = re.sub(rf"\b{column}\b", f'factor({column}, ref="{level}")', model) if name == "star_long" else model
    if name == "star_long":
        model = re.sub(r"\bgr\b", "gr.L + gr.Q + gr.C", model)
    arguments = ["--ml"] if spec.get("method") == "ML" else []
    fit = program.estimate("mixed", program.file(spec["dataset"]), model, *arguments)
    numbers = compare(spec["estimates"], plain(fit["coefficients"]), ESTIMATE)
    numbers += [("n", spec["n"], fit["n"]), ("criterion", spec["criterion"], fit["criterion"])]
    ours = {(r["group"], r["term"], r["with"]): r for r in fit["random"]}
    for row in spec["varcomp"]:
        if row["grp"] == "Residual":
            numbers.append(("residual variance", row["vcov"], fit["residual_variance"]))
            continue
        got = ours.get((row["grp"], row["var1"], row["var2"]), {})
        what = f"{row['var1']} by {row['grp']}"
        if row["var2"] is None:
            numbers.append((f"variance of {what}", row["vcov"], got.get("variance")))
        else:
            # A covariance near zero has no digits of its own (lme4's optimisers differ in its fifth): compared as a correlation.
            numbers.append((f"correlation of {what}, + 1", 1 + row["sdcor"], 1 + got.get("correlation", math.nan)))
    numbers += [(f"df of {row['term']}", row["df"], by_term(fit["coefficients"])[row["term"]]["df"]) for row in spec.get("satterthwaite", [])]
    numbers += predictions(program, spec, model, arguments)
    return "mixed models", numbers


def predictions(program, spec, model, arguments):
    """Predicted deviations of the levels, where the reference lists them."""
    if "blup" not in spec:
        return []
    out = program.scratch / "levels.csv"
    program.estimate("mixed", program.file(spec["dataset"]), model, "--effects", out, *arguments)
    with open(out, newline="") as file:
        ours = {(row["group"], row["level"]): float(row["value"]) for row in csv.DictReader(file)}
    return [(f"level {row['level']}", row["blup"], ours[spec["blup_group"], row["level"]]) for row in spec["blup"]]
