"""Writes event studies and the robust intervals that moderndid (a port of R HonestDiD) gives for them.

Needs: moderndid 0.2.0, numpy (PyPI). Not needed to run the tests. Run in this folder: python reference.py
"""

import json

import numpy as np
from moderndid.didhonest import compute_conditional_cs_rm, compute_flci

rng = np.random.default_rng(5)
out = []
for pre, post, target in [(4, 2, [1.0, 0.0]), (3, 2, [0.0, 1.0])]:
    k = pre + post
    root = rng.normal(size=(k, k)) * 0.01 + 0.03 * np.eye(k)
    sigma = root @ root.T + 0.0004
    beta = np.r_[rng.normal(size=pre) * 0.02, 0.15 + 0.05 * np.arange(post)]
    # moderndid leaves the first change before treatment out of the union; keep it the smallest so that both agree.
    beta[0] = beta[1]
    beta, sigma, target = beta.round(6), ((sigma + sigma.T) / 2).round(9), np.array(target)
    entry = dict(pre=pre, estimates=list(beta), covariance=[list(r) for r in sigma], target=list(target), sd=[], rm=[])
    for m in [0.0, 0.01, 0.05]:
        r = compute_flci(beta, sigma, m, pre, post, target)
        entry["sd"].append([m, float(r.flci[0]), float(r.flci[1])])
    for m in [0.5]:
        r = compute_conditional_cs_rm(beta, sigma, pre, post, target.reshape(-1, 1), m, grid_points=500, seed=0)
        accepted = r["grid"][r["accept"] > 0]
        entry["rm"].append([m, float(accepted.min()), float(accepted.max()), float(r["grid"][1] - r["grid"][0])])
    out.append(entry)
json.dump(out, open("honest.expected.json", "w"), indent=1)
