//! Which rows a question is answered from, and why the others are not used.
//!
//! A row without last year's outcome is left out, and counted, where the panel knows priors at all: that is how
//! value-added studies with administrative data do it (Chetty, Friedman and Rockoff 2014 require the same-subject
//! prior), and the other habit, a dummy with zeros filled in, is biased outside lotteries (Jones 1996). Missing
//! covariates are zero-filled with a dummy of their own, since they adjust for little beside the prior.

use rayon::prelude::*;
use throughline_model::panel::{NO_CODE, Panel};
use throughline_model::pipeline::{Study, Subgroup};
use throughline_model::tables;

use crate::finding::Dropped;
use crate::frame::{Column, Frame, ReadyOutcome};

/// Rows that some outcomes of a job share.
pub(crate) struct Sample {
    /// One flag a row of the panel.
    pub(crate) mask: Vec<bool>,
    /// Student × school years of the subgroup that are not used, by reason.
    pub(crate) dropped: Vec<Dropped>,
    /// Indices into the pipeline's outcomes.
    pub(crate) outcomes: Vec<usize>,
    /// Mean share of teacher days that link to a known teacher, over the subgroup's rows with a known outcome.
    pub(crate) linked: f64,
    /// Of the subgroup's rows with a known outcome in years that have priors, the share that is used.
    pub(crate) used: f64,
}

/// The samples of a study's outcomes among some students; outcomes with the same rows share one.
pub(crate) fn samples(
    frame: &Frame<'_>,
    study: &Study,
    students: &Subgroup,
    outcomes: &[usize],
) -> Vec<Sample> {
    of_members(frame, study, &members(frame.panel, students), outcomes)
}

/// The samples of all other students than a flag's: those for whom it is known to be false.
pub(crate) fn samples_of_others(
    frame: &Frame<'_>,
    study: &Study,
    flag: &str,
    outcomes: &[usize],
) -> Vec<Sample> {
    let others: Vec<bool> = match frame.panel.covariate(flag) {
        Some(column) => column.values.iter().map(|v| *v == 0.0).collect(),
        None => return Vec::new(),
    };
    of_members(frame, study, &others, outcomes)
}

fn of_members(
    frame: &Frame<'_>,
    study: &Study,
    members: &[bool],
    outcomes: &[usize],
) -> Vec<Sample> {
    let each: Vec<Sample> = outcomes
        .par_iter()
        .filter_map(|outcome| Some(sample(frame, study, members, frame.outcome(*outcome)?)))
        .collect();
    let mut samples: Vec<Sample> = Vec::new();
    for sample in each {
        match samples
            .iter_mut()
            .find(|known| known.mask == sample.mask && known.dropped == sample.dropped)
        {
            Some(known) => known.outcomes.extend(sample.outcomes),
            None => samples.push(sample),
        }
    }
    samples
}

const REASONS: [&str; 5] = [
    "the outcome is not known",
    "the school or grade is not known",
    "no teacher could be linked",
    "a dose is not known",
    "no outcome is known from the school year before",
];

fn sample(
    frame: &Frame<'_>,
    study: &Study,
    members: &[bool],
    outcome: &ReadyOutcome<'_>,
) -> Sample {
    let panel = frame.panel;
    let doses: Vec<&[f64]> = study
        .exposures
        .iter()
        .filter_map(|e| Some(frame.exposure(*e)?.native))
        .collect();
    let years_with_prior = years_with_prior(panel, outcome);
    let mut mask = vec![false; panel.len()];
    let mut counts = [0u64; REASONS.len()];
    let (mut known, mut linked) = (0u64, 0.0);
    let (mut eligible, mut used) = (0u64, 0u64);
    for row in 0..panel.len() {
        if !members[row] {
            continue;
        }
        let reason = if outcome.y.at(row).is_nan() {
            Some(0)
        } else if frame.school_year[row] == NO_CODE || frame.grade_year[row] == NO_CODE {
            Some(1)
        } else if panel.teacher.codes[row] == NO_CODE {
            Some(2)
        } else if doses.iter().any(|dose| dose[row].is_nan()) {
            Some(3)
        } else if outcome.priors.iter().any(|prior| prior.at(row).is_nan()) {
            Some(4)
        } else {
            None
        };
        if reason != Some(0) {
            known += 1;
            let share = panel.linked[row];
            linked += if share.is_nan() { 0.0 } else { share };
            if years_with_prior.contains(&panel.school_year[row]) {
                eligible += 1;
                used += u64::from(reason.is_none());
            }
        }
        match reason {
            Some(reason) => counts[reason] += 1,
            None => mask[row] = true,
        }
    }
    let share = |part: f64, of: u64| if of == 0 { 0.0 } else { part / of as f64 };
    Sample {
        mask,
        dropped: REASONS
            .iter()
            .zip(counts)
            .filter(|(_, count)| *count > 0)
            .map(|(reason, count)| Dropped {
                reason: (*reason).to_owned(),
                rows: Some(count),
            })
            .collect(),
        outcomes: vec![outcome.index],
        linked: share(linked, known),
        used: share(used as f64, eligible),
    }
}

/// School years in which any prior is known; all years where the outcome has no prior at all.
fn years_with_prior(panel: &Panel, outcome: &ReadyOutcome<'_>) -> Vec<i32> {
    let prior = outcome.priors.first();
    let mut years: Vec<i32> = panel
        .school_year
        .iter()
        .enumerate()
        .filter(|(row, _)| prior.is_none_or(|prior| !prior.at(*row).is_nan()))
        .map(|(_, year)| *year)
        .collect();
    years.sort_unstable();
    years.dedup();
    years
}

/// Who belongs to a subgroup; a flag that is not known does not put a student in.
pub(crate) fn members(panel: &Panel, students: &Subgroup) -> Vec<bool> {
    match students {
        Subgroup::All => vec![true; panel.len()],
        Subgroup::Flag(flag) => match panel.covariate(flag) {
            Some(column) => column.values.iter().map(|v| *v == 1.0).collect(),
            None => vec![false; panel.len()],
        },
        Subgroup::Grades(first, last) => {
            let place = |grade: &str| match tables::GRADES {
                throughline_model::Kind::Code(words) => words.iter().position(|w| *w == grade),
                _ => None,
            };
            let (first, last) = (place(first), place(last));
            let inside: Vec<bool> = panel
                .grade
                .labels
                .iter()
                .map(|label| {
                    let at = place(label);
                    at.is_some() && at >= first && at <= last
                })
                .collect();
            panel
                .grade
                .codes
                .iter()
                .map(|code| inside.get(*code as usize).copied().unwrap_or(false))
                .collect()
        }
    }
}

/// The study's covariates on the sample: missing values filled with zero, and a dummy beside them.
pub(crate) fn covariates<'p>(panel: &'p Panel, study: &Study, mask: &[bool]) -> Vec<Column<'p>> {
    let mut columns = Vec::new();
    for wanted in &study.covariates {
        for found in panel.covariates.iter().filter(|c| serves(&c.name, wanted)) {
            let inside = || found.values.iter().zip(mask).filter(|(_, used)| **used);
            let missing = inside().any(|(v, _)| v.is_nan());
            if missing {
                let name = format!("unknown {}", found.name);
                columns.push(Column::of(name, &found.values, |v| f64::from(v.is_nan())));
            }
            let name = format!("covariate {}", found.name);
            let filled = |v: f64| if v.is_nan() { 0.0 } else { v };
            columns.push(Column::of(name, &found.values, filled));
        }
    }
    columns
}

/// Whether a panel column is the wanted covariate or one of its dummies (`gender`: `gender_female`, `gender=female`).
fn serves(column: &str, wanted: &str) -> bool {
    column == wanted
        || (matches!(wanted, "gender" | "race_ethnicity")
            && column
                .strip_prefix(wanted)
                .is_some_and(|rest| rest.starts_with(['_', '=', ':', '.', ' '])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_model::panel::{Codes, Values};

    #[test]
    fn dummies_of_a_code_serve_it_and_flags_with_a_longer_name_do_not() {
        assert!(serves("gender_female", "gender"));
        assert!(serves("race_ethnicity=asian", "race_ethnicity"));
        assert!(!serves("disability_504", "disability"));
    }

    #[test]
    fn grades_are_a_range_in_their_own_order_and_unknown_flags_stay_out() {
        let panel = Panel {
            school_year: vec![2025; 4],
            grade: Codes {
                codes: vec![0, 1, 2, NO_CODE],
                labels: vec!["10".into(), "2".into(), "K".into()],
            },
            covariates: vec![Values {
                name: "english_learner".into(),
                values: vec![1.0, 0.0, f64::NAN, 1.0],
            }],
            ..Panel::default()
        };
        let grades = Subgroup::Grades("K".into(), "5".into());
        assert_eq!(members(&panel, &grades), [false, true, true, false]);
        let flag = Subgroup::Flag("english_learner".into());
        assert_eq!(members(&panel, &flag), [true, false, false, true]);
    }
}
