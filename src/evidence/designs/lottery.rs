//! Randomised, where the district drew lots: those offered a place against those who lost the draw, whatever they then did.
//!
//! - The draw is what the exposure names as its assignment: 1 offered, 0 lost, unknown for everyone else. A dose shared
//!   between teachers counts as an offer from one half on.
//! - Intention to treat: a regression with school × year and grade × year effects on the baseline (a missing prior outcome is zero with a flag of
//!   its own, which is safe after a draw), errors by whoever was drawn for.
//! - The complier effect is the same by two-stage least squares, taking part instrumented by the offer.
//! - Attrition is everyone in the draw without an outcome, judged by the Clearinghouse's cautious boundary.

use throughline_model::panel::NO_CODE;
use throughline_model::pipeline::{Design, Pipeline};
use throughline_stats::effect_size::{AttritionBoundary, attrition};
use throughline_stats::matching::{Estimand, balance};
use throughline_stats::randomisation::{Assignment, RandomisationOptions, randomisation_test};

use super::matched::compared;
use super::regression::{Groups, complier, regress, unexplained};
use super::told::Told;
use crate::checks;
use crate::counts::count;
use crate::finding::{BalanceRow, DesignResult, Detail, Lottery};
use crate::frame::{Column, Frame, Level};
use crate::plan::Job;
use crate::sample::{covariates, members};
use crate::words::Floors;

const CONTRAST: &str = "offered a place against lost the draw";

/// What the draw tells of one exposure and outcome.
pub(crate) fn lottery(
    pipeline: &Pipeline,
    frame: &Frame<'_>,
    job: &Job<'_>,
    (exposure, outcome): (usize, usize),
) -> Told {
    let not_run = |why: &str| Told::not_run(Design::Randomised, CONTRAST, why);
    let Some(assignment) = pipeline.exposures[exposure].assignment else {
        return not_run("the district named no draw for it");
    };
    let (Some(offer), Some(dose), Some(y)) = (
        frame.exposure(assignment),
        frame.exposure(exposure),
        frame.outcome(outcome),
    ) else {
        return not_run("the panel does not have the draw");
    };
    let inside = members(frame.panel, job.students());
    let drawn: Vec<usize> = (0..frame.panel.len())
        .filter(|row| inside[*row] && frame.placed(*row))
        .filter(|row| offer.native[*row].is_finite() && dose.d.at(*row).is_finite())
        .collect();
    let offered = |row: &usize| offer.native[*row] >= 0.5;
    let known = |row: &usize| y.y.at(*row).is_finite();
    let side = |wanted: bool| {
        let all = drawn.iter().filter(|row| offered(row) == wanted);
        (all.clone().count(), all.filter(|row| known(row)).count())
    };
    let kept = match attrition(side(true), side(false), AttritionBoundary::Cautious) {
        Ok(kept) => kept,
        Err(_) => return not_run("nobody was offered a place, or nobody lost the draw"),
    };
    let rows: Vec<usize> = drawn.iter().copied().filter(known).collect();
    let treated: Vec<bool> = rows.iter().map(offered).collect();
    let mut mask = vec![false; frame.panel.len()];
    rows.iter().for_each(|row| mask[*row] = true);
    let known_covariates = covariates(frame.panel, job.asks, &mask);
    let pick = |column: &Column<'_>| -> Vec<f64> { rows.iter().map(|r| column.at(*r)).collect() };
    let mut baseline: Vec<(String, Vec<f64>)> = Vec::new();
    if let Some(prior) = y.priors.first() {
        let values = pick(prior);
        let flags: Vec<f64> = values.iter().map(|v| f64::from(v.is_nan())).collect();
        let filled = values.iter().map(|v| if v.is_nan() { 0.0 } else { *v });
        baseline.push((prior.name.clone(), filled.collect()));
        baseline.push(("unknown prior outcome".to_owned(), flags));
    }
    baseline.extend(known_covariates.iter().map(|c| (c.name.clone(), pick(c))));
    let baseline: Vec<(&str, &[f64])> = baseline
        .iter()
        .map(|(name, values)| (name.as_str(), values.as_slice()))
        .filter(|(_, values)| values.iter().any(|v| (v - values[0]).abs() > 1e-9))
        .collect();
    let (cluster, codes) = match offer.level {
        Level::Student => ("student", &frame.panel.student),
        Level::Teacher => ("teacher", &frame.panel.teacher),
        Level::School => ("school", &frame.panel.school),
    };
    let outcomes = pick(&y.y);
    let groups = Groups {
        frame,
        rows: &rows,
        treated: &treated,
        outcome: &outcomes,
        baseline: &baseline,
        cluster: (cluster, &codes.codes),
    };
    let weights = vec![1.0; rows.len()];
    let found = match regress(&groups, &weights) {
        Ok(found) => found,
        Err(error) => return not_run(&error.to_string()),
    };
    let taken: Vec<f64> = rows
        .iter()
        .map(|r| f64::from(dose.d.at(*r) > 0.0))
        .collect();
    let doses = pick(&dose.d);
    let mean = |values: &[f64], wanted: bool| {
        let of = values.iter().zip(&treated).filter(|(_, t)| **t == wanted);
        of.clone().map(|(v, _)| v).sum::<f64>() / of.count() as f64
    };
    let rows_of_balance: Vec<BalanceRow> = balance(&treated, &baseline, None, Estimand::Everyone)
        .map_or_else(|_| Vec::new(), |table| compared(&table));
    let mut status = vec![f64::NAN; frame.panel.len()];
    for (row, treated) in rows.iter().zip(&treated) {
        status[*row] = f64::from(*treated);
    }
    let used: Vec<u32> = rows.iter().map(|row| *row as u32).collect();
    let n = count(frame.panel, &used, &status, Vec::new());
    let floors = Floors::of(&pipeline.privacy);
    let tried = vec![
        checks::temporal(pipeline.exposures[exposure].window),
        checks::both_sides(
            [
                (n.exposed_teachers.unwrap_or(0), "offered a place"),
                (n.comparison_teachers.unwrap_or(0), "who lost the draw"),
            ],
            found.effective,
            floors,
        ),
        checks::clusters(found.clusters, cluster, &found.errors, floors),
        checks::equivalence(&rows_of_balance),
        checks::lost(Some(&kept)),
    ];
    Told {
        tried,
        // The offer is spread over the dose it moved.
        dose: mean(&doses, true) - mean(&doses, false),
        changing: n.exposed_teachers.unwrap_or(0) + n.comparison_teachers.unwrap_or(0),
        cluster,
        result: DesignResult {
            design: Design::Randomised,
            contrast: CONTRAST.to_owned(),
            estimate: Some(found.estimate),
            not_run: None,
            n,
            checks: Vec::new(),
            estimator: format!(
                "intention to treat: least squares with school × year and grade × year effects on the baseline; errors {}",
                found.errors
            ),
            detail: Detail::Lottery(Lottery {
                complier: complier(&groups, &taken),
                taken_offered: mean(&taken, true),
                taken_not_offered: mean(&taken, false),
                overall_attrition: kept.overall,
                differential_attrition: kept.differential,
                randomisation_p: redrawn(&groups, &codes.codes),
                balance: rows_of_balance,
            }),
        },
    }
}

/// The draw drawn again, within the school year in which somebody was first in it.
fn redrawn(groups: &Groups<'_>, codes: &[u32]) -> Option<f64> {
    let left = unexplained(groups).ok()?;
    let cluster: Vec<u32> = left.iter().map(|(at, _)| codes[groups.rows[*at]]).collect();
    let size = cluster.iter().max().map_or(0, |c| *c as usize + 1);
    let mut first = vec![NO_CODE; size];
    for ((at, _), cluster) in left.iter().zip(&cluster) {
        let year = groups.frame.panel.school_year[groups.rows[*at]].unsigned_abs();
        let place = &mut first[*cluster as usize];
        *place = year.min(*place);
    }
    let block: Vec<u32> = cluster.iter().map(|c| first[*c as usize]).collect();
    let treated: Vec<bool> = left.iter().map(|(at, _)| groups.treated[*at]).collect();
    let values: Vec<f64> = left.iter().map(|(_, value)| *value).collect();
    let assignment = Assignment {
        cluster: Some(&cluster),
        block: Some(&block),
    };
    let options = RandomisationOptions {
        draws: 1_999,
        ..RandomisationOptions::default()
    };
    let found = randomisation_test(&values, &treated, &assignment, &options);
    found.ok().map(|found| found.p)
}
