"""Randomisation tests by listing every assignment: scipy for one lottery, written out for blocks and clusters.

    pip install scipy numpy && python assignments.py        # writes assignments.expected.json
"""

import itertools
import json

import numpy as np
from scipy.stats import permutation_test

rng = np.random.default_rng(11)


def studentised(groups):
    """|difference| over its Neyman error; blocks weigh by their units."""
    total = sum(len(a) + len(b) for a, b in groups)
    d = sum((len(a) + len(b)) / total * (np.mean(a) - np.mean(b)) for a, b in groups)
    v = sum(((len(a) + len(b)) / total) ** 2 * sum(np.var(g, ddof=1) / len(g) for g in (a, b) if len(g) > 1) for a, b in groups)
    return abs(d) / np.sqrt(v)


out = []
# One lottery: 6 of 14 treated, 3,003 assignments.
y = (rng.normal(size=14) + np.r_[np.full(6, 0.9), np.zeros(8)]).round(4)
test = permutation_test((y[:6], y[6:]), lambda a, b: studentised([(a, b)]), n_resamples=np.inf, alternative="greater",
                        vectorized=False)
out.append(dict(name="one lottery", outcome=list(y), treated=[1] * 6 + [0] * 8, cluster=None, block=None, p=float(test.pvalue),
                assignments=3003, difference=float(y[:6].mean() - y[6:].mean()), statistic=studentised([(y[:6], y[6:])])))


def listed(name, y, treated, cluster, block):
    units = {}
    for value, t, c, b in zip(y, treated, cluster, block):
        units.setdefault(c, ([], t, b))[0].append(value)
    blocks = {}
    for values, t, b in units.values():
        blocks.setdefault(b, []).append((np.mean(values), t))
    def split(chosen):
        return [([v for i, (v, _) in enumerate(blocks[b]) if i in picked], [v for i, (v, _) in enumerate(blocks[b]) if i not in picked])
                for b, picked in zip(blocks, chosen)]
    observed = [{i for i, (_, t) in enumerate(blocks[b]) if t} for b in blocks]
    t0 = studentised(split(observed))
    ways = [[set(c) for c in itertools.combinations(range(len(blocks[b])), len(o))] for b, o in zip(blocks, observed)]
    draws = [studentised(split(choice)) for choice in itertools.product(*ways)]
    out.append(dict(name=name, outcome=list(y), treated=list(treated), cluster=list(cluster), block=list(block),
                    p=float(np.mean(np.array(draws) >= t0 * (1 - 1e-9))), assignments=len(draws), statistic=float(t0)))


# Two blocks of 6 and 5 individuals: 20 × 10 assignments.
y = rng.normal(size=11).round(4)
listed("blocks", y, [1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0], list(range(11)), [0] * 6 + [1] * 5)
# Ten clusters of two to four in two blocks: 10 × 10 assignments.
sizes = rng.integers(2, 5, 10)
cluster = np.repeat(np.arange(10), sizes)
treated = np.isin(cluster, [0, 3, 5, 6]).astype(int)
y = (rng.normal(size=10)[cluster] + 0.5 * rng.normal(size=len(cluster)) + treated).round(4)
listed("clusters in blocks", y, [int(t) for t in treated], [int(c) for c in cluster], [int(c >= 5) for c in cluster])

json.dump(out, open("assignments.expected.json", "w"), indent=1)
print([(o["name"], o["p"]) for o in out])
