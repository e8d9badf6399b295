"""Everything that is not a regression with a table of coefficients: designs, rules, closed forms."""

import csv
import math
import re

from common import NotSupported, by_term, compare

SIMPLE = {"estimate": "estimate", "se": "se"}


def translate(program, name, spec):
    handler = HANDLERS.get(name)
    return handler(program, spec) if handler else None


def effect_size(program, spec):
    identity, given = spec["id"], spec.get("input", {})
    run = lambda *arguments: program.estimate("effect-size", *arguments)
    if identity == "borenstein_4":
        got = run("hedges", "--treated", given["m1"], given["s1"], given["n1"], "--control", given["m2"], given["s2"], given["n2"])
        pairs = {"d": "d", "omega": "omega", "g": "g", "sd_pooled": "sd", "U3_improvement_index": "improvement_index",
                 "J_exact": "exact_correction", "g_exactJ": "g_exact"}
        numbers = [(theirs, spec[theirs], got[ours]) for theirs, ours in pairs.items()]
        # Vg there is J² Vd with the exact J; ours takes ω.
        numbers.append(("Vd", spec["Vd"], (got["se"] / got["omega"]) ** 2))
    elif identity == "cox":
        got = run("cox", "--treated", given["pt"], given["n"] / 2, "--control", given["pc"], given["n"] / 2)
        numbers = [("d", spec["d_cox"], got["d"]), ("g", spec["g_cox"], got["g"]),
                   ("improvement index", spec["improvement_index"], got["improvement_index"])]
    elif identity.startswith("wwc_cluster"):
        flag = "--d" if "d" in given else "--t"
        got = run("cluster", flag, given[flag[2:]], "--total", given["N"], "--per-cluster", given["n"], "--icc", given["rho"])
        pairs = {"h": "df", "omega_h": "omega", "gamma": "gamma", "g_cluster": "g"} if flag == "--d" else {"t_adj": "t", "df": "t_df", "p": "p"}
        numbers = [(theirs, spec[theirs], got[ours]) for theirs, ours in pairs.items()]
    elif identity == "metafor_SMD":
        got = run("hedges", "--treated", 103, 5.5, 50, "--control", 100, 4.5, 50)
        # metafor's sampling variance LS: (n1 + n2)/(n1 n2) + g²/(2 (n1 + n2)) with the exact correction.
        numbers = [("yi", spec["yi"], got["g_exact"])]
    else:
        return None
    return "rules and formulas", numbers


def evalue(program, spec):
    run = lambda *arguments: program.estimate("sensitivity", "e-value", *arguments)
    if "lo" in spec and "d" not in spec:
        got = run("--risk-ratio", spec["rr"], spec["lo"], spec["hi"])
    elif "d" in spec:
        got = run("--difference", spec["d"], spec["se"])
    else:
        got = run("--odds-ratio", spec["OR"], spec["OR"], spec["OR"])
    numbers = [("risk ratio", spec["rr"], got["risk_ratio"]), ("E-value", spec["evalue"], got["e_value"])]
    if "evalue_ci" in spec:
        numbers.append(("E-value of the limit", spec["evalue_ci"], got["e_value_limit"]))
    return "rules and formulas", numbers


def multiplicity(program, spec):
    got = program.estimate("adjust-p", *spec["p"])
    kinds = ("bonferroni", "holm", "hochberg", "bh", "by")
    return "rules and formulas", [(k, e, g) for k in kinds for e, g in zip(spec[k], got[k])]


def power(program, spec):
    function, text = re.match(r"([\w.]+)\((.*)\)", spec["call"]).groups()
    given = {k: float(v) for k, v in re.findall(r"(\w+) = ([\d.]+)", text)}
    kind = {"cra2": "cluster2", "ira1r1": "individual", "bira2r1": "blocked-random", "cra3": "cluster3"}[function.split(".")[1]]
    three = kind == "cluster3"
    flags = {"n": "--n", "K": "--units", "J": "--middle" if three else "--units", "p": "--share", "g1": "--covariates", "g2": "--covariates",
             "r21": "--r2", "rho2": "--icc", "r22": "--r2-units", "rho3": "--top-icc", "omega2": "--effect-variation",
             "r2t2": "--r2-effect", "es": "--effect", "alpha": "--alpha", "power": "--power"}
    arguments = [kind]
    for key, value in given.items():
        arguments += [flags[key], int(value) if key in ("g1", "g2") else value]
    got, result = program.estimate("power", *arguments), spec["result"]
    numbers = [("df", result["df"], got["df"])]
    if "power" in result:
        numbers += [("power", result["power"], got["power"]), ("noncentrality", result["ncp"], got["noncentrality"])]
    else:
        effect, lower, upper = result["mdes"][0]
        numbers += [("effect", effect, got["detectable_effect"]), ("lower", lower, got["lower"]), ("upper", upper, got["upper"]),
                    ("multiplier", result["ncp"], got["multiplier"])]
    return "rules and formulas", numbers


def rosenbaum(program, spec):
    pairs = list(zip(spec["data"]["exposed"], spec["data"]["control"]))
    file = program.write("pairs.csv", ["exposed", "control"], pairs)
    gammas = ",".join(str(b["Gamma"]) for b in spec["bounds"])
    got = program.estimate("sensitivity", "rosenbaum", file, "--treated", "exposed", "--control", "control", "--gamma", gammas)
    numbers = []
    for theirs, ours in zip(spec["bounds"], got["bounds"]):
        numbers += [(f"lower at {ours['gamma']}", theirs["Lower bound"], ours["lower"]), (f"upper at {ours['gamma']}", theirs["Upper bound"], ours["upper"])]
    # rbounds rounds to four decimals.
    return "printed to 4 decimals", numbers


def wildboot(program, spec):
    identity = spec["id"]
    if "hsb9" in identity:
        file, model, extra, term = program.file("hsb82.csv"), "mAch ~ cses + minority + female", ["--where", "first9 == 1"], "cses"
        cluster = "school"
        term = "minority" if "minrty" in identity else "cses"
    else:
        file, model, extra, term = program.file("petersen.csv"), spec["model"], [], "x"
        cluster = "year"
    if "WCU11" in identity:
        extra = [*extra, "--impose-null", "false"]
    fit = program.estimate("ols", file, model, "--vcov", "wild", "--cluster", cluster, *extra)
    mine = next(c for c in fit["coefficients"] if c["term"] == term)
    if "result" in spec:
        expected = spec["result"][0]
        return "wild bootstrap", [("p", expected["p-value"], mine["p"])]
    return "wild bootstrap", [("p", spec["p_two_sided_weak"], mine["p"])]


def darfur(program, spec):
    if spec["id"] != "sensemakr_R":
        return None
    stats = spec["stats"][0]
    times = [int(b["bound_label"].split("x")[0]) for b in spec["bounds"]]
    got = program.estimate(
        "sensitivity", "regression", program.file(spec["dataset"]), spec["model"], "--treatment", stats["treatment"],
        "--benchmark", "female", "--times", ",".join(map(str, times)), "--confounder", 0.1, 0.1)
    pairs = {"estimate": "estimate", "se": "se", "t_statistic": "t", "r2yd.x": "partial_r2", "rv_q": "robustness_value",
             "rv_qa": "robustness_value_significance", "dof": "df"}
    numbers = [(k, stats[k], got[v]) for k, v in pairs.items()]
    bound = {"r2dz.x": "r2_treatment", "r2yz.dx": "r2_outcome", "adjusted_estimate": "estimate", "adjusted_se": "se",
             "adjusted_t": "statistic", "adjusted_lower_CI": "lower", "adjusted_upper_CI": "upper"}
    for theirs, ours in zip(spec["bounds"], got["bounds"]):
        numbers += [(f"{theirs['bound_label']} {k}", theirs[k], ours[v]) for k, v in bound.items()]
    adjusted = spec["adjusted"]
    numbers += [("adjusted estimate", adjusted["est_r2_10_10"], got["adjusted_estimate"]),
                ("adjusted se", adjusted["se_r2_10_10"], got["adjusted_se"])]
    return "least squares", numbers


PANEL = ["--outcome", "lemp", "--unit", "countyreal", "--time", "year", "--cohort", "first.treat"]


def mpdta(program, spec):
    identity = spec["id"]
    file = program.file("mpdta.csv")
    if identity.startswith("cs_"):
        return callaway_santanna(program, spec, file)
    if identity == "R_sunab_event":
        got = program.estimate("did", file, *PANEL, "--method", "sun-abraham", "--aggregate", "event")
        numbers = compare(spec["estimates"], got["coefficients"], SIMPLE, lambda t: t.replace("year::", "e="))
    elif identity == "R_sunab_att":
        got = program.estimate("did", file, *PANEL, "--method", "sun-abraham", "--aggregate", "simple")
        numbers = compare(spec["estimates"], [got["overall"]], SIMPLE, lambda _: "overall")
    elif identity == "R_sunab_cohort":
        got = program.estimate("did", file, *PANEL, "--method", "sun-abraham", "--aggregate", "group")
        numbers = compare(spec["estimates"], got["coefficients"], SIMPLE, lambda t: t.replace("cohort::", "g="))
    elif identity in ("sun_abraham_never", "bjs_imputation", "gardner_twostage"):
        method = {"sun": "sun-abraham", "bjs": "imputation"}.get(identity[:3], "two-stage")
        got = program.estimate("did", file, *PANEL, "--method", method, "--aggregate", "event")
        wanted = [r for r in spec["estimates"] if r["term"] != "overall" and r["se"] != 0.0]
        overall = [r for r in spec["estimates"] if r["term"] == "overall"]
        numbers = compare(wanted, got["coefficients"], SIMPLE)
        got = program.estimate("did", file, *PANEL, "--method", method, "--aggregate", "simple")
        numbers += compare(overall, [got["overall"]], SIMPLE)
    elif identity == "bacon":
        return bacon(program, spec, file)
    else:
        return None
    return "staggered adoption", numbers


def callaway_santanna(program, spec, file):
    _, control, covariates, method = spec["id"].split("_")
    arguments = [*PANEL, "--method", method, "--control", "never" if control == "nevertreated" else "not-yet"]
    if covariates != "nocov":
        arguments += ["--covariates", covariates]
    got = program.estimate("did", file, *arguments, "--aggregate", "none")
    numbers = compare(spec["estimates"], got["coefficients"], SIMPLE, lambda t: f"ATT({t})")
    numbers.append(("units", spec["units"], got["units"]))
    for theirs, kind in {"simple": "simple", "group": "group", "dynamic": "event", "calendar": "calendar"}.items():
        expected = spec["aggregations"][theirs]
        got = program.estimate("did", file, *arguments, "--aggregate", kind)
        numbers += [(f"{kind} overall", expected["overall"], got["overall"]["estimate"]),
                    (f"{kind} overall se", expected["overall_se"], got["overall"]["se"])]
        for at, att, se in zip(expected["egt"] or [], expected["att"] or [], expected["se"] or []):
            mine = next(c for c in got["coefficients"] if c["term"].endswith(f"={at}"))
            numbers += [(f"{kind} {at}", att, mine["estimate"]), (f"{kind} {at} se", se, mine["se"])]
    return "staggered adoption", numbers


def bacon(program, spec, file):
    got = program.estimate("did", file, *PANEL, "--method", "bacon")
    numbers = [("two-way estimate", spec["twfe"], got["overall"]["estimate"])]
    ours = {(c["treated"], c["control"], c["kind"]): c for c in got["comparisons"]}
    for row in spec["comparisons"]:
        control = None if row["control"] == "never_treated" else row["control"]
        kind = {"treated_vs_never": "never", "earlier_vs_later": "earlier", "later_vs_earlier": "later"}[row["type"]]
        mine = ours.get((row["treated"], control, kind), {})
        numbers += [(f"{row['type']} {row['treated']} estimate", row["estimate"], mine.get("estimate")),
                    (f"{row['type']} {row['treated']} weight", row["weight"], mine.get("weight"))]
    return "staggered adoption", numbers


COVARIATES = "treat ~ age + educ + race + married + nodegree + re74 + re75"
BALANCE = {"Means Treated": "treated", "Means Control": "comparison", "Std. Mean Diff.": "difference",
           "Var. Ratio": "variance_ratio", "eCDF Mean": "ecdf_mean", "eCDF Max": "ecdf_max"}


def lalonde(program, spec):
    identity = spec["id"]
    if identity == "nsw_experimental":
        return nsw(program, spec)
    file = program.file("lalonde.csv")
    run = lambda *arguments: program.estimate("match", file, COVARIATES, "--outcome", "re78", *arguments)
    if identity == "exact_nn":
        got = program.estimate("match", file, "treat ~ age + educ + re74 + re75", "--within", "race,married,nodegree")
        return "matching", unadjusted(spec, got) + counts(spec, got)
    got = run(*{
        "unmatched_balance": [],
        "nn_greedy_plain": [],
        "nn_caliper0.2": ["--caliper", 0.2],
        "nn_replace": ["--replace"],
        "mahalanobis": ["--distance", "mahalanobis"],
        "cem": ["--method", "coarsened"],
        "subclass6": ["--method", "subclass"],
        "ipw_att": ["--method", "ipw"],
        "ipw_ate": ["--method", "ipw", "--estimand", "ate"],
        "entropy_balance_att": ["--method", "entropy"],
    }[identity])
    effect = got["coefficients"][0]
    if identity in ("unmatched_balance", "mahalanobis"):
        # MatchIt 4.5.1 departs from plain greedy pairs: balance before matching and counts are comparable, its pairs are not.
        return "matching", unadjusted(spec, got) + counts(spec, got)
    if identity == "nn_greedy_plain":
        # Tied scores make the identity of pairs, and so the effect, arbitrary.
        return "matching", [("pairs", spec["n_pairs"], got["pairs"]), ("total distance", spec["total_distance"], got["total_distance"])]
    if identity == "nn_caliper0.2":
        return "matching", [("pairs", spec["n_pairs"], got["pairs"])] + differences(spec, got, file)
    if identity == "nn_replace":
        # MatchIt 4.5.1 again: its pairs are 0.0057 apart on average, the nearest are 0.0029.
        return "matching", unadjusted(spec, got) + [("treated", spec["n_treated"], got["treated"])]
    if identity in ("cem", "subclass6"):
        numbers = unadjusted(spec, got) + counts(spec, got)
        numbers += [(f"matched {t} {ours}", row[theirs], r[ours]) for row in spec["balance_matched"]
                    for t, r in balance_of(got, row["var"]) for theirs, ours in BALANCE.items() if row[theirs] is not None]
        numbers.append(("effect", spec["effect"]["estimate"], effect["estimate"]))
        numbers.append(("se", spec["effect"]["se"], effect["se"]))
        return "matching", numbers
    numbers = [("comparison effective", spec["ess_control"], got["comparison_effective"]),
               ("effect", spec["effect"]["estimate"], effect["estimate"])]
    if "se_HC1" in spec["effect"]:
        numbers += [("se", spec["effect"]["se_HC1"], effect["se"]), ("treated effective", spec["ess_treated"], got["treated_effective"])]
        numbers += differences(spec, got, file)
    return "matching", numbers


def nsw(program, spec):
    """The experiment itself: one difference of means, three standard errors, and the lottery drawn again."""
    file, numbers = program.file(spec["dataset"]), []
    for row in spec["estimates"]:
        for vcov, name in {"iid": "se", "hc1": "se_HC1", "hc2": "se_HC2"}.items():
            got = by_term(program.estimate("ols", file, spec["model"], "--vcov", vcov)["coefficients"])[row["term"]]
            numbers += [("estimate", row["estimate"], got["estimate"]), (name, row[name], got["se"])]
        drawn = program.estimate("randomise", file, spec["model"], "--draws", 99)
        # Neyman's variance of a difference of means is HC2.
        numbers += [("difference", row["estimate"], drawn["coefficients"][0]["estimate"]), ("Neyman", row["se_HC2"], drawn["coefficients"][0]["se"])]
    return "least squares", numbers


def balance_of(got, name):
    """Rows of our balance table by the reference's name, once."""
    return [(row["term"], row) for row in got["balance"] if row["term"] == name]


def unadjusted(spec, got):
    return [(f"unadjusted {name}", row["Std. Mean Diff."], mine["unadjusted_difference"])
            for row in spec["balance_all"] for name, mine in balance_of(got, row["var"])]


def counts(spec, got):
    return [("treated", spec["n_treated"], got["treated"]), ("comparison", spec["n_control"], got["comparison"])]


def differences(spec, got, file):
    """The reference divides by R's sd() also for 0/1 columns; MatchIt and the engine take p(1 - p) there."""
    with open(file, newline="") as opened:
        rows = list(csv.DictReader(opened))

    def yardstick(name, weigh):
        value = lambda row: float(row["race"] == name[4:]) if name.startswith("race") else float(row[name])
        groups = [[value(row) for row in rows if row["treat"] == arm] for arm in "10"]
        if spec["id"] != "ipw_ate":
            groups = groups[:1]
        shares = [(sum(g) / len(g), len(g)) for g in groups]
        return math.sqrt(sum(p * (1 - p) * weigh(n) for p, n in shares))

    numbers = []
    for name, expected in spec["smd"].items():
        for _, mine in balance_of(got, name):
            scale = 1.0
            if mine["variance_ratio"] is None:
                scale = yardstick(name, lambda n: 1.0) / yardstick(name, lambda n: n / (n - 1))
            # Already in standard deviations: the absolute error is what matters.
            numbers.append((f"difference {name}, + 1", 1 + expected, 1 + mine["difference"] * scale))
    return numbers


def sgp(program, spec):
    got = program.estimate("sgp", program.file(spec["dataset"]), "--score", "SS", "--prior", "SS_PRIOR",
                           "--knots", ",".join(map(str, spec["knots"])), "--boundary", *spec["boundaries"])
    model, percentiles = got["groups"][0], got["percentiles"]
    numbers = [("n", spec["n"], got["n"]), ("median", spec["median_sgp"], model["median"]), ("mean", spec["mean_sgp"], model["mean"]),
               ("sum", spec["sum_sgp"], sum(percentiles))]
    numbers += [("knot", e, g) for e, g in zip(spec["knots"], model["knots"])]
    numbers += [("boundary", e, g) for e, g in zip(spec["boundaries"], model["boundary"])]
    numbers += [("percentile", e, g) for e, g in zip(spec["first10"], percentiles)]
    fits = {round(f["tau"], 3): f for f in model["fits"]}
    numbers += [(f"coefficient at {tau}", e, g) for tau, row in spec["coef_tau"].items() for e, g in zip(row, fits[float(tau)]["coefficients"])]
    numbers += [(f"objective at {tau}", e, fits[float(tau)]["objective"]) for tau, e in spec["rho_tau"].items()]
    return "growth percentiles", numbers


def linked(program, spec):
    """Two stages: residuals of a weighted regression, then a mixed model of them."""
    file = program.file(spec["dataset"])
    out = program.scratch / "residuals.csv"
    fit = program.estimate("ols", file, "z ~ zp + zp^2 + zp^3 + frl + iep + ell + GRADE:YEAR", "--weights", "w", "--residuals", out)
    numbers = [("n", spec["n"], fit["n"])] + compare(spec["stage1"], fit["coefficients"], {"estimate": "estimate"})
    with open(file, newline="") as data, open(out, newline="") as residuals:
        rows = [[d["tch"], d["w"], r["residual"]] for d, r in zip(csv.DictReader(data), csv.DictReader(residuals))]
    second = program.write("second.csv", ["tch", "w", "r"], rows)
    fit = program.estimate("mixed", second, "r ~ 1 + (1 | tch)", "--weights", "w")
    numbers += [("tau2", spec["tau2"], fit["random"][0]["variance"]), ("sigma2", spec["sigma2"], fit["residual_variance"]),
                ("mu", spec["mu"], fit["coefficients"][0]["estimate"])]
    got = program.estimate("shrink", second, "--value", "r", "--group", "tch", "--weights", "w")
    ours = {row["label"]: row for row in got["effects"]}
    for row in spec["first10"]:
        mine = ours[row["tch"]]
        # A mean or an effect near zero is a difference of residuals: its absolute error is what matters.
        numbers += [(f"weight of {row['tch']}", row["n"], mine["weight"]), (f"share kept of {row['tch']}", row["shrink"], mine["reliability"]),
                    (f"mean of {row['tch']}, + 1", 1 + row["rbar"], 1 + mine["estimate"]), (f"effect of {row['tch']}, + 1", 1 + row["eb"], 1 + mine["shrunk"])]
    return "mixed models", numbers


def ehec(program, spec):
    if not spec["id"].startswith("honest"):
        return None
    relative = spec["id"] == "honest_rm"
    rows = spec["crosscheck_moderndid"] if relative else spec["table"]
    bound = "Mbar" if relative else "M"
    got = program.estimate(
        "sensitivity", "parallel-trends", program.file(spec["dataset"]), "dins ~ i(year, D, ref = 2013) | stfips + year",
        "--cluster", "stfips", "--where", "used == 1", "--reference", 2013, "--kind", "relative" if relative else "smoothness",
        "--bounds", ",".join(str(row[bound]) for row in rows), "--keep-singletons")
    numbers = []
    for theirs, ours in zip(rows, got["intervals"]):
        numbers += [(f"lower at {theirs[bound]}", theirs["lb"], ours["lower"]), (f"upper at {theirs[bound]}", theirs["ub"], ours["upper"])]
    return "honest intervals", numbers


HANDLERS = {
    "sgp_linked_math": linked,
    "sgp_grade5": sgp,
    "ehec": ehec,
    "lalonde": lalonde,
    "effect_size": effect_size,
    "evalue": evalue,
    "multiplicity": multiplicity,
    "power": power,
    "rosenbaum": rosenbaum,
    "wildboot": wildboot,
    "darfur": darfur,
    "mpdta": mpdta,
}
