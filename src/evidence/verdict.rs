//! From an interval and its checks to one of six words. All rules stand here. With the estimate turned so that more is
//! better, `l` and `u` the ends of its 95 % interval, `s` the smallest difference that matters, and `q` the larger of the
//! q-values over the run and within the domain of what the estimate points to, better or worse (`discovery`), the first line that
//! holds decides:
//!
//! | when | verdict |
//! |---|---|
//! | a check of decisive weight failed | not credible |
//! | there is no estimate, or it rests on too few (a check of weight *thin* failed) | cannot tell yet |
//! | −s < l and u < s | no meaningful difference |
//! | u < 0 and q ≤ 0.05 | went with worse outcomes |
//! | l > 0, estimate ≥ s, q ≤ 0.05, and no check of serious or open weight failed | helped |
//! | l > 0, q ≤ 0.10, and nothing else that it could be was left open (a check of weight *open* failed) | promising |
//! | otherwise | cannot tell yet |
//!
//! The whole 95 % interval must lie inside ±s, stricter than two one-sided tests at 5 %, so that "no difference" is not
//! said more easily than "a difference". A small p alone leads nowhere: an effect that is surely there and surely too
//! small is no meaningful difference. *Worse* needs no size beyond that and no clean checks: a warning that comes too
//! often costs less than one that does not come. Every sentence says why the word was chosen, never what made the outcomes so;
//! the effect itself is printed beside it, after rounding, and is not repeated here.

use throughline_model::pipeline::Outcome;
use throughline_stats::dist::t_quantile;

use crate::checks::{Tried, Weight};
use crate::finding::{Estimate, Verdict};
use crate::words::{Floors, chance, sd};

/// False-discovery rate that *helped* and *worse* must each stay under.
const RATE: f64 = 0.05;

/// False-discovery rate that what is called *promising* or better must stay under. Of *promising* alone, what is left when the surest are
/// called *helped*, more than that will not hold up.
const PROMISING_RATE: f64 = 0.10;

/// What a verdict is made from.
pub(crate) struct Facts<'a> {
    pub(crate) outcome: &'a Outcome,
    pub(crate) adjusted: Option<&'a Estimate>,
    /// Why there is no estimate.
    pub(crate) failure: Option<&'a str>,
    /// The larger q-value of what the estimate points to; 1 where there is none.
    pub(crate) q: f64,
    pub(crate) tried: &'a [Tried],
    /// How many teachers (or schools) tell: those whose dose changed; in a draw, those drawn for.
    pub(crate) changing: u64,
    /// Who these are, after `teachers`: `with changing doses`.
    pub(crate) whose: &'a str,
    /// `teacher` or `school`.
    pub(crate) cluster: &'a str,
    pub(crate) floors: Floors,
}

/// The smallest true effect that a design with this estimate's precision finds with 80 % power at 5 %.
pub(crate) fn minimum_detectable(estimate: &Estimate) -> f64 {
    (t_quantile(0.975, estimate.df) + t_quantile(0.8, estimate.df)) * estimate.se
}

/// The verdict and its sentence.
pub(crate) fn verdict(facts: &Facts<'_>) -> (Verdict, String) {
    let failed = |weight: Weight| {
        facts
            .tried
            .iter()
            .find(move |tried| tried.failed() && tried.weight == weight)
    };
    if let Some(tried) = failed(Weight::Decisive) {
        let reason = format!(
            "the check \"{}\" failed: {}",
            tried.check.name, tried.check.reason
        );
        return (Verdict::NotCredible, reason);
    }
    let Some(estimate) = facts.adjusted else {
        let why = facts.failure.unwrap_or("there is no estimate");
        return (Verdict::CannotTellYet, why.to_owned());
    };
    if let Some(tried) = failed(Weight::Thin) {
        let reason = format!("it rests on too few: {}", tried.check.reason);
        return (Verdict::CannotTellYet, reason);
    }
    let s = facts.outcome.smallest_difference;
    let (l, u, better) = if facts.outcome.higher_is_better {
        (estimate.lower, estimate.upper, estimate.estimate)
    } else {
        (-estimate.upper, -estimate.lower, -estimate.estimate)
    };
    let counted = chance("q", facts.q);
    if -s < l && u < s {
        let reason = format!(
            "the whole interval is smaller than the smallest difference that matters ({} SD)",
            sd(s)
        );
        return (Verdict::NoMeaningfulDifference, reason);
    }
    if u < 0.0 && facts.q <= RATE {
        let reason = format!("it is worse, also after all comparisons ({counted})");
        return (Verdict::WorseOutcomes, reason);
    }
    if l > 0.0 {
        if let Some(tried) = failed(Weight::Open) {
            let reason = format!(
                "it is better, but it could be something else: the check \"{}\" failed: {}",
                tried.check.name, tried.check.reason
            );
            return (Verdict::CannotTellYet, reason);
        }
        let serious = failed(Weight::Serious);
        let size = if l >= s {
            format!(
                "at least the smallest difference that matters ({} SD)",
                sd(s)
            )
        } else {
            format!(
                "though it may be smaller than the smallest difference that matters ({} SD)",
                sd(s)
            )
        };
        if better >= s && facts.q <= RATE && serious.is_none() {
            let reason = format!("it is better, also after all comparisons ({counted}), {size}");
            return (Verdict::Helped, reason);
        }
        let but = match serious {
            Some(tried) => format!(
                "but the check \"{}\" failed: {}",
                tried.check.name, tried.check.reason
            ),
            None if facts.q > RATE => {
                format!("but one among all comparisons may look so by chance ({counted})")
            }
            None => format!(
                "but the difference is likely smaller than the smallest that matters ({} SD)",
                sd(s)
            ),
        };
        let word = if facts.q <= PROMISING_RATE {
            Verdict::Promising
        } else {
            Verdict::CannotTellYet
        };
        return (word, format!("it is better, {but}"));
    }
    (Verdict::CannotTellYet, too_wide(facts, estimate, u < 0.0))
}

/// Says what would tell: teachers (or schools) with changing doses, at the same spread, for the smallest difference to be found.
fn too_wide(facts: &Facts<'_>, estimate: &Estimate, worse: bool) -> String {
    let s = facts.outcome.smallest_difference;
    let found = minimum_detectable(estimate);
    let more = (found / s).powi(2);
    let lean = if worse {
        format!(
            "the interval points to worse, but one among all comparisons may look so by chance ({})",
            chance("q", facts.q)
        )
    } else {
        format!(
            "the interval holds both no difference and one that matters ({} SD)",
            sd(s)
        )
    };
    let needed = if more <= 1.0 {
        String::new()
    } else if more > 100.0 || !more.is_finite() {
        format!(
            "; more than 100 times as many {}s {} would be needed",
            facts.cluster, facts.whose
        )
    } else {
        let needed = (facts.changing as f64 * more).ceil();
        let rounded: f64 = format!("{needed:.1e}").parse().unwrap_or(needed);
        format!(
            "; about {rounded} {}s {} would tell, against {} now",
            facts.cluster,
            facts.whose,
            facts.floors.people(facts.changing, facts.cluster),
        )
    };
    format!(
        "{lean}; a true difference of {} SD would be found four times in five{needed}",
        sd(found)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_model::measure::NumberKind;
    use throughline_model::pipeline::Params;

    fn outcome(higher_is_better: bool) -> Outcome {
        Outcome {
            id: "math".to_owned(),
            label: "math score".to_owned(),
            measure: "score".to_owned(),
            params: Params::new(),
            domain: "achievement".to_owned(),
            subject: None,
            higher_is_better,
            kind: NumberKind::Amount,
            unit: "points".to_owned(),
            smallest_difference: 0.05,
        }
    }

    /// The verdict on an interval `estimate ± reach`, turned so that more is better in both directions.
    fn judge(estimate: f64, reach: f64, q: f64, tried: &[Tried]) -> Verdict {
        let both = [true, false].map(|higher| {
            let sign = if higher { 1.0 } else { -1.0 };
            let adjusted = Estimate {
                estimate: sign * estimate,
                se: reach / 2.0,
                lower: sign * estimate - reach,
                upper: sign * estimate + reach,
                p: 0.01,
                df: 100.0,
            };
            let outcome = outcome(higher);
            verdict(&Facts {
                outcome: &outcome,
                adjusted: Some(&adjusted),
                failure: None,
                q,
                tried,
                changing: 60,
                whose: "with changing doses",
                cluster: "teacher",
                floors: Floors {
                    teachers: 5,
                    schools: 3,
                },
            })
            .0
        });
        assert_eq!(
            both[0], both[1],
            "the direction of the outcome is only a word"
        );
        both[0]
    }

    fn failed(weight: Weight) -> Vec<Tried> {
        vec![Tried::judged(
            "a check",
            false,
            weight,
            "it failed".to_owned(),
        )]
    }

    #[test]
    fn the_table_line_by_line() {
        use Verdict::{
            CannotTellYet, Helped, NoMeaningfulDifference, NotCredible, Promising, WorseOutcomes,
        };
        let none: &[Tried] = &[];
        for (estimate, reach, q, expected) in [
            (0.10, 0.03, 0.01, Helped),
            (0.06, 0.05, 0.01, Helped),
            // Surely there, surely small.
            (0.02, 0.01, 0.001, NoMeaningfulDifference),
            (-0.02, 0.01, 0.001, NoMeaningfulDifference),
            (0.00, 0.04, 0.9, NoMeaningfulDifference),
            // Surely there, likely small.
            (0.04, 0.03, 0.01, Promising),
            // One of many.
            (0.10, 0.09, 0.10, Promising),
            (0.10, 0.09, 0.11, CannotTellYet),
            (-0.10, 0.03, 0.01, WorseOutcomes),
            (-0.04, 0.03, 0.01, WorseOutcomes),
            (-0.10, 0.09, 0.20, CannotTellYet),
            (0.00, 0.06, 0.9, CannotTellYet),
            (0.10, 0.20, 0.4, CannotTellYet),
        ] {
            assert_eq!(
                judge(estimate, reach, q, none),
                expected,
                "{estimate} ± {reach}"
            );
        }
        assert_eq!(
            judge(0.1, 0.03, 0.01, &failed(Weight::Decisive)),
            NotCredible
        );
        assert_eq!(
            judge(0.0, 0.30, 0.90, &failed(Weight::Decisive)),
            NotCredible
        );
        assert_eq!(judge(0.1, 0.03, 0.01, &failed(Weight::Thin)), CannotTellYet);
        assert_eq!(
            judge(-0.1, 0.03, 0.01, &failed(Weight::Thin)),
            CannotTellYet
        );
        assert_eq!(judge(0.1, 0.03, 0.01, &failed(Weight::Serious)), Promising);
        assert_eq!(
            judge(-0.1, 0.03, 0.01, &failed(Weight::Serious)),
            WorseOutcomes
        );
        assert_eq!(judge(0.1, 0.03, 0.01, &failed(Weight::Minor)), Helped);
        assert_eq!(judge(0.1, 0.03, 0.01, &failed(Weight::Open)), CannotTellYet);
        assert_eq!(
            judge(-0.1, 0.03, 0.01, &failed(Weight::Open)),
            WorseOutcomes
        );
    }

    #[test]
    fn cannot_tell_says_what_would_tell() {
        let adjusted = Estimate {
            estimate: 0.02,
            se: 0.05,
            lower: -0.08,
            upper: 0.12,
            p: 0.7,
            df: 1000.0,
        };
        let outcome = outcome(true);
        let (_, reason) = verdict(&Facts {
            outcome: &outcome,
            adjusted: Some(&adjusted),
            failure: None,
            q: 0.9,
            tried: &[],
            changing: 60,
            whose: "with changing doses",
            cluster: "teacher",
            floors: Floors {
                teachers: 5,
                schools: 3,
            },
        });
        // (1.96 + 0.84) × 0.05 = 0.14 SD; (0.14 / 0.05)² × 60 = 470.
        assert!(reason.contains("0.140 SD would be found"), "{reason}");
        assert!(reason.contains("about 470 teachers"), "{reason}");
        assert!(reason.contains("against 60 teachers now"), "{reason}");
    }
}
