//! How surprising is one difference, when so many were looked at? False-discovery control (Benjamini and Hochberg 1995) over the
//! run and within each outcome's domain.
//!
//! *Helped* and *worse* are claims in one direction, so each has a family of its own, of one-sided tests: is it better at all, is it worse
//! at all. Every question stands in both. So of what is called *helped* at most one in twenty is expected not to be better,
//! and the same for *worse*. One family of two-sided tests bounds the share over both words taken together, and says nothing of either: the
//! commoner word would be held to half the rate that is named, and the rarer one to more than it.
//!
//! What rests on too few may claim nothing whatever its p-value (see `verdict`), and how many it rests on follows from doses
//! alone, not from outcomes. So it is no comparison, and choosing by it leaves the rate as it is (independent filtering:
//! Bourgon, Gentleman and Huber 2010).

use throughline_model::pipeline::Pipeline;
use throughline_stats::multiplicity::benjamini_hochberg;

use crate::answer::Answer;
use crate::checks::Weight;

/// One comparison: what its families need to know of it.
#[derive(Clone, Copy, Debug)]
struct Compared<'a> {
    /// One-sided p-values against being no better, and against being no worse; NaN for what is not counted.
    p: [f64; 2],
    /// Which of the two its estimate points to.
    points: usize,
    domain: &'a str,
}

/// The q-values of what each answer's own estimate points to, over the run and within its domain; NaN for what is not counted.
pub(crate) fn adjusted(pipeline: &Pipeline, answers: &[Answer]) -> Vec<[f64; 2]> {
    let compared: Vec<Compared<'_>> = answers.iter().map(|a| compared(pipeline, a)).collect();
    controlled(&compared)
}

fn compared<'p>(pipeline: &'p Pipeline, answer: &Answer) -> Compared<'p> {
    let outcome = &pipeline.outcomes[answer.outcome];
    let mut compared = Compared {
        p: [f64::NAN; 2],
        points: 0,
        domain: &outcome.domain,
    };
    let thin = answer
        .tried
        .iter()
        .any(|tried| tried.failed() && tried.weight == Weight::Thin);
    let Some(estimate) = answer.adjusted.filter(|_| !thin) else {
        return compared;
    };
    let worse = (estimate.estimate < 0.0) == outcome.higher_is_better;
    compared.points = usize::from(worse);
    // The t distribution is symmetric: half of a two-sided p lies on the estimate's own side.
    compared.p[compared.points] = estimate.p / 2.0;
    compared.p[1 - compared.points] = 1.0 - estimate.p / 2.0;
    compared
}

fn controlled(compared: &[Compared<'_>]) -> Vec<[f64; 2]> {
    let mut q = vec![[f64::NAN; 2]; compared.len()];
    let mut family = |place: usize, members: &[usize]| {
        for way in 0..2 {
            let p: Vec<f64> = members.iter().map(|i| compared[*i].p[way]).collect();
            for (i, found) in members.iter().zip(benjamini_hochberg(&p)) {
                if compared[*i].points == way {
                    q[*i][place] = found;
                }
            }
        }
    };
    let everything: Vec<usize> = (0..compared.len()).collect();
    family(0, &everything);
    let mut domains: Vec<&str> = compared.iter().map(|one| one.domain).collect();
    domains.sort_unstable();
    domains.dedup();
    for domain in domains {
        let members: Vec<usize> = everything
            .iter()
            .copied()
            .filter(|i| compared[*i].domain == domain)
            .collect();
        family(1, &members);
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A comparison that points to better (`p` above zero) or to worse, with a two-sided p-value of its size.
    fn one(p: f64, domain: &str) -> Compared<'_> {
        let own = p.abs() / 2.0;
        let points = usize::from(p < 0.0);
        let mut both = [own, 1.0 - own];
        if points == 1 {
            both.reverse();
        }
        Compared {
            p: both,
            points,
            domain,
        }
    }

    fn close(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() < 1e-12,
            "{found} and not {expected}"
        );
    }

    #[test]
    fn each_direction_has_a_family_of_its_own() {
        // Better: 0.01, 0.02, 0.995, 0.8; worse: 0.99, 0.98, 0.005, 0.2.
        let found = controlled(&[
            one(0.02, "scores"),
            one(0.04, "scores"),
            one(-0.01, "scores"),
            one(-0.40, "scores"),
        ]);
        close(found[0][0], 0.04);
        close(found[1][0], 0.04);
        close(found[2][0], 0.02);
        close(found[3][0], 0.40);
    }

    #[test]
    fn a_domain_counts_its_own_comparisons_alone() {
        let found = controlled(&[one(0.02, "scores"), one(0.9, "days"), one(0.5, "days")]);
        close(found[0][0], 0.03);
        close(found[0][1], 0.01);
        close(found[1][1], 0.45);
        close(found[2][1], 0.45);
    }

    #[test]
    fn what_may_claim_nothing_is_no_comparison() {
        let thin = Compared {
            p: [f64::NAN; 2],
            points: 0,
            domain: "scores",
        };
        let found = controlled(&[one(0.02, "scores"), thin, thin]);
        close(found[0][0], 0.01);
        assert!(found[1][0].is_nan() && found[1][1].is_nan());
    }

    /// By simulation: with half of a hundred comparisons truly better, at most one in twenty of those called better is not, and
    /// not by far fewer than the rate allows (the share of true nulls is a half).
    #[test]
    fn the_rate_of_a_word_is_what_it_says() {
        let mut state = 7_u64;
        let mut uniform = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        };
        let (mut share, runs) = (0.0, 400);
        for _ in 0..runs {
            let compared: Vec<Compared<'_>> = (0..100)
                .map(|i| {
                    let normal =
                        (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
                    let z: f64 = normal + if i < 50 { 3.0 } else { 0.0 };
                    let beyond = throughline_stats::dist::t_two_sided(z, 1e6);
                    one(beyond.copysign(z), "scores")
                })
                .collect();
            let q = controlled(&compared);
            let helped = |i: &usize| compared[*i].points == 0 && q[*i][0] <= 0.05;
            let called = (0..100).filter(helped).count();
            let wrong = (50..100).filter(helped).count();
            share += wrong as f64 / called.max(1) as f64;
        }
        let share = share / f64::from(runs);
        assert!((0.02..0.03).contains(&share), "{share} of those called");
    }
}
