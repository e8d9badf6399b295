//! From an interval and its checks to one of six words. All rules stand here. With the estimate turned so that more is
//! better, `l` and `u` the ends of its 95 % interval, `s` the smallest difference that matters, and `q` the larger of the
//! false-discovery-adjusted p-values over the run and within the domain, the first line that holds decides:
//!
//! | when | verdict |
//! |---|---|
//! | a check of decisive weight failed | not credible |
//! | there is no estimate, or it rests on too few (a check of weight *thin* failed) | cannot tell yet |
//! | −s < l and u < s | no meaningful difference |
//! | u < 0 and q ≤ 0.05 | went with worse outcomes |
//! | l > 0, estimate ≥ s, q ≤ 0.05, and no check of serious weight failed | helped |
//! | l > 0 | promising |
//! | otherwise | cannot tell yet |
//!
//! The whole 95 % interval must lie inside ±s, stricter than two one-sided tests at 5 %, so that "no difference" is not
//! said more easily than "a difference". A small p alone leads nowhere: an effect that is surely there and surely too
//! small is no meaningful difference. *Worse* needs no size beyond that and no clean checks: a warning that comes too
//! often costs less than one that does not come. Every sentence names what goes with what, never what made it so.

use throughline_model::pipeline::{Exposure, Outcome};
use throughline_stats::dist::t_quantile;

use crate::checks::{Tried, Weight};
use crate::finding::{Estimate, Verdict};
use crate::words::{Floors, chance, dose, sd};

/// False-discovery rate that *helped* and *worse* must stay under.
const RATE: f64 = 0.05;

/// What a verdict is made from.
pub(crate) struct Facts<'a> {
    pub(crate) exposure: &'a Exposure,
    pub(crate) outcome: &'a Outcome,
    pub(crate) adjusted: Option<&'a Estimate>,
    /// Why there is no estimate.
    pub(crate) failure: Option<&'a str>,
    /// The larger q-value; 1 where there is none.
    pub(crate) q: f64,
    pub(crate) tried: &'a [Tried],
    /// How many teachers (or schools) have a dose that changed.
    pub(crate) changing: u64,
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
    let said = said(facts, estimate);
    let counted = chance("q", facts.q);
    if -s < l && u < s {
        let reason = format!(
            "{said}: all of it smaller than the smallest difference that matters ({} SD)",
            sd(s)
        );
        return (Verdict::NoMeaningfulDifference, reason);
    }
    if u < 0.0 && facts.q <= RATE {
        let reason = format!("{said}, which is worse, also after all comparisons ({counted})");
        return (Verdict::WorseOutcomes, reason);
    }
    if l > 0.0 {
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
            let reason =
                format!("{said}, which is better, also after all comparisons ({counted}), {size}");
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
        return (
            Verdict::Promising,
            format!("{said}, which is better, {but}"),
        );
    }
    (
        Verdict::CannotTellYet,
        too_wide(facts, estimate, &said, u < 0.0),
    )
}

fn said(facts: &Facts<'_>, estimate: &Estimate) -> String {
    format!(
        "{} of {} went with {} SD in {} (95 % interval {} to {})",
        dose(facts.exposure),
        facts.exposure.label,
        sd(estimate.estimate),
        facts.outcome.label,
        sd(estimate.lower),
        sd(estimate.upper),
    )
}

/// Says what would tell: teachers (or schools) with changing doses, at the same spread, for the smallest difference to be found.
fn too_wide(facts: &Facts<'_>, estimate: &Estimate, said: &str, worse: bool) -> String {
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
            "; more than 100 times as many {}s with changing doses would be needed",
            facts.cluster
        )
    } else {
        let needed = (facts.changing as f64 * more).ceil();
        let rounded: f64 = format!("{needed:.1e}").parse().unwrap_or(needed);
        format!(
            "; about {rounded} {}s with changing doses would tell, against {} now",
            facts.cluster,
            facts.floors.people(facts.changing, facts.cluster),
        )
    };
    format!(
        "{said}: {lean}; a true difference of {} SD would be found four times in five{needed}",
        sd(found)
    )
}
