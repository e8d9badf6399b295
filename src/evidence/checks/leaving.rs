//! Does the dose go with who is missing? If training drove weak students out of the test, or out of the district's schools, those
//! who stayed would look better. Two regressions of yes or no on the doses, with the comparison's effects and covariates: is
//! the outcome unknown, and is the student gone in the next school year?
//!
//! A failure needs p < 0.01 after Holm over the programs and a difference that is larger than the What Works
//! Clearinghouse's cautious boundary tolerates at the overall rate. Serious: it biases by who is counted, not by
//! what the program did.

use throughline_stats::effect_size::{AttritionBoundary, attrition};
use throughline_stats::multiplicity::holm;

use super::{Tried, Weight};
use crate::association::{Comparison, Model, judged};
use crate::finding::Estimate;
use crate::frame::{Column, Frame};
use crate::words::{chance, number, percent};

const NAME: &str = "who is missing";
const LEVEL: f64 = 0.01;

/// How a dose goes with missing something.
#[derive(Clone, Copy, Debug)]
struct Missing {
    /// Share more missing per `per` of dose.
    more: Estimate,
    /// After Holm over the programs.
    p: f64,
    /// Share missing overall.
    overall: f64,
}

/// What goes with the doses of one comparison among some students.
pub(crate) struct Leaving {
    /// By outcome asked for, then by dose; `None` where the outcome is never missing, or nothing could be estimated.
    outcomes: Vec<Option<Vec<Option<Missing>>>>,
    gone: Option<Vec<Option<Missing>>>,
}

impl Leaving {
    /// `members`: the students it is about; `doses` stand in one model.
    pub(crate) fn of(
        frame: &Frame<'_>,
        members: &[bool],
        comparison: Comparison,
        doses: &[&Column<'_>],
        covariates: &[Column<'_>],
        outcomes: &[&Column<'_>],
    ) -> Self {
        let panel = frame.panel;
        let known: Vec<bool> = (0..panel.len())
            .map(|row| {
                members[row] && frame.placed(row) && doses.iter().all(|d| !d.at(row).is_nan())
            })
            .collect();
        let unknown: Vec<Column<'_>> = outcomes
            .iter()
            .map(|y| {
                let name = format!("missing {}", y.name);
                Column::new(name, panel.len(), |row| f64::from(y.at(row).is_nan()))
            })
            .collect();
        let missing = regress(frame, &known, comparison, doses, covariates, &unknown);
        let last = panel.school_year.iter().copied().max().unwrap_or(0);
        let next = next_years(frame);
        let gone = Column::new("gone".to_owned(), panel.len(), |row| f64::from(!next[row]));
        let before: Vec<bool> = (0..panel.len())
            .map(|row| known[row] && panel.school_year[row] < last)
            .collect();
        let gone = regress(frame, &before, comparison, doses, covariates, &[gone]);
        Self {
            outcomes: missing,
            gone: gone.into_iter().next().flatten(),
        }
    }

    /// Judges one outcome (by its place) and dose (by its place).
    pub(crate) fn judge(&self, outcome: usize, dose: usize) -> Tried {
        let found = |of: &Option<Vec<Option<Missing>>>| of.as_ref().and_then(|doses| doses[dose]);
        let missing = self.outcomes.get(outcome).and_then(found);
        let gone = found(&self.gone);
        if missing.is_none() && gone.is_none() {
            return Tried::not_run(
                NAME,
                "nobody is missing, or the doses do not differ among those who are",
            );
        }
        let parts: Vec<String> = [
            ("have no outcome", missing),
            ("are gone a year later", gone),
        ]
        .into_iter()
        .filter_map(|(what, found)| Some(told(what, &found?)))
        .collect();
        let passed = [missing, gone].into_iter().flatten().all(|m| !fails(&m));
        Tried::judged(NAME, passed, Weight::Serious, parts.join("; "))
    }
}

fn allowed(overall: f64) -> f64 {
    const MANY: usize = 100_000;
    let stay = ((1.0 - overall) * MANY as f64).round() as usize;
    let found = attrition((MANY, stay), (MANY, stay), AttritionBoundary::Cautious);
    found.ok().and_then(|found| found.allowed).unwrap_or(0.0)
}

fn fails(missing: &Missing) -> bool {
    missing.p < LEVEL && missing.more.estimate.abs() > allowed(missing.overall)
}

fn told(what: &str, missing: &Missing) -> String {
    let points = missing.more.estimate * 100.0;
    format!(
        "{} {what}, with the dose {} percentage points {} ({} after Holm; {} tolerated)",
        percent(missing.overall),
        number(points.abs(), 1),
        if points < 0.0 { "fewer" } else { "more" },
        chance("p", missing.p),
        number(allowed(missing.overall) * 100.0, 1),
    )
}

fn regress(
    frame: &Frame<'_>,
    mask: &[bool],
    comparison: Comparison,
    doses: &[&Column<'_>],
    covariates: &[Column<'_>],
    outcomes: &[Column<'_>],
) -> Vec<Option<Vec<Option<Missing>>>> {
    let nothing = || outcomes.iter().map(|_| None).collect();
    if !mask.contains(&true) {
        return nothing();
    }
    let wanted: Vec<&Column<'_>> = outcomes.iter().collect();
    let Ok(model) = Model::new(frame, mask, comparison, doses, covariates, &wanted) else {
        return nothing();
    };
    let effective: Vec<Option<f64>> = doses
        .iter()
        .map(|dose| model.effective_clusters(&dose.name, &model.doses))
        .collect();
    let rows = model.absorbed.rows();
    outcomes
        .iter()
        .map(|outcome| {
            let all: f64 = rows.iter().map(|row| outcome.at(*row as usize)).sum();
            let fit = model.fit(&outcome.name, &model.doses, &[]).ok()?;
            let found: Vec<Option<Estimate>> = doses
                .iter()
                .zip(&effective)
                .map(|(dose, effective)| judged(&fit, &dose.name, Some((*effective)?)))
                .collect();
            let p: Vec<f64> = found.iter().map(|e| e.map_or(f64::NAN, |e| e.p)).collect();
            let missing = |(more, p): (Option<Estimate>, f64)| {
                Some(Missing {
                    more: more?,
                    p,
                    overall: all / rows.len() as f64,
                })
            };
            Some(found.into_iter().zip(holm(&p)).map(missing).collect())
        })
        .collect()
}

/// Whether a row's student has a row in the next school year.
fn next_years(frame: &Frame<'_>) -> Vec<bool> {
    let panel = frame.panel;
    let first = panel.school_year.iter().copied().min().unwrap_or(0);
    let mut years = vec![0u64; panel.student.labels.len()];
    let place = |year: i32| 1u64.checked_shl((year - first).unsigned_abs()).unwrap_or(0);
    let known = |row: usize| panel.student.codes[row] as usize;
    for row in 0..panel.len() {
        if let Some(own) = years.get_mut(known(row)) {
            *own |= place(panel.school_year[row]);
        }
    }
    (0..panel.len())
        .map(|row| {
            let next = place(panel.school_year[row] + 1);
            years.get(known(row)).is_some_and(|own| own & next != 0)
        })
        .collect()
}
