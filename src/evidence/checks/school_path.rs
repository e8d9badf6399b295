//! Where schools decide who takes part: were those schools improving anyway? School × year effects take a school's path out of the estimate, but
//! not what goes on inside a school on the move: who is asked to take part there, and who else comes. So where a program's
//! doses differ mostly between schools, and schools that took it up were on another path than the rest, net of the doses themselves, what looks
//! better may be part of that path, and no claim of *better* is left.
//!
//! One regression within teacher × school over time, clustered by school: all doses as in the finding, and for each such program the
//! year times how fully the school took it up. A failure needs p < 0.05 and, over the panel's years, a path that matters, in the
//! finding's own direction. It cannot tell a path that began long before from one that began with the program and
//! grew: in a few school years neither can anybody else.

use rayon::prelude::*;
use throughline_model::panel::NO_CODE;

use super::{Tried, Weight};
use crate::association::{Comparison, Model, judged};
use crate::finding::Estimate;
use crate::frame::{Column, Frame, ReadyExposure, ReadyOutcome};
use crate::words::{chance, sd};

const NAME: &str = "schools on another path";
const LEVEL: f64 = 0.05;
/// From this share of a dose's variation on, schools decide.
const BETWEEN: f64 = 0.25;

/// How fully each school took a program up: the mean dose of its fullest year over that of the fullest school; `None` where schools do not
/// decide.
pub(crate) fn taken_up(frame: &Frame<'_>, mask: &[bool], dose: &[f64]) -> Option<Vec<f64>> {
    let panel = frame.panel;
    let first = panel.school_year.iter().copied().min()?;
    let years = (panel.school_year.iter().copied().max()? - first) as usize + 1;
    let schools = panel.school.labels.len();
    let mut cells = vec![(0.0, 0.0); schools * years];
    let mut by_year = vec![(0.0, 0.0); years];
    let rows = || {
        (0..mask.len())
            .filter(|row| mask[*row] && panel.school.codes[*row] != NO_CODE && !dose[*row].is_nan())
    };
    let year = |row: usize| (panel.school_year[row] - first) as usize;
    let cell = |row: usize| panel.school.codes[row] as usize * years + year(row);
    for row in rows() {
        for (sum, count) in [&mut cells[cell(row)], &mut by_year[year(row)]] {
            *sum += dose[row];
            *count += 1.0;
        }
    }
    let mean = |(sum, count): (f64, f64)| if count > 0.0 { sum / count } else { 0.0 };
    let (mut between, mut all) = (0.0, 0.0);
    for row in rows() {
        let usual = mean(by_year[year(row)]);
        between += (mean(cells[cell(row)]) - usual).powi(2);
        all += (dose[row] - usual).powi(2);
    }
    if !(all > 0.0 && between >= BETWEEN * all) {
        return None;
    }
    let fullest: Vec<f64> = cells
        .chunks(years)
        .map(|of_school| of_school.iter().copied().map(mean).fold(0.0, f64::max))
        .collect();
    let most = fullest.iter().copied().fold(0.0, f64::max);
    Some(fullest.into_iter().map(|own| own / most).collect())
}

/// What schools that took a program up gain on others a year: by outcome, then by program, where schools decide.
pub(crate) type Paths = Vec<Vec<Option<Estimate>>>;

/// Estimates all paths at once; `None` where there are none to estimate.
pub(crate) fn school_paths(
    frame: &Frame<'_>,
    mask: &[bool],
    doses: &[&ReadyExposure<'_>],
    covariates: &[Column<'_>],
    outcomes: &[&ReadyOutcome<'_>],
) -> Option<Paths> {
    let panel = frame.panel;
    let first = panel.school_year.iter().copied().min()?;
    let paths: Vec<Option<Column<'_>>> = doses
        .par_iter()
        .map(|ready| {
            let taken = taken_up(frame, mask, ready.native)?;
            let name = format!("path of {}", ready.d.name);
            Some(Column::new(name, panel.len(), move |row| {
                let school = panel.school.codes[row] as usize;
                let taken = taken.get(school).copied().unwrap_or(0.0);
                taken * f64::from(panel.school_year[row] - first)
            }))
        })
        .collect();
    let known: Vec<&Column<'_>> = paths.iter().flatten().collect();
    if known.is_empty() {
        return None;
    }
    let now: Vec<&Column<'_>> = doses.iter().map(|ready| &ready.d).collect();
    let mut others = known.clone();
    for outcome in outcomes {
        others.push(&outcome.y);
        others.extend(&outcome.priors);
    }
    let comparison = Comparison::WithinSchool;
    let model = Model::new(frame, mask, comparison, &now, covariates, &others).ok()?;
    let names: Vec<&str> = now.iter().chain(&known).map(|c| c.name.as_str()).collect();
    let effective: Vec<Option<f64>> = paths
        .iter()
        .map(|path| model.effective_clusters(&path.as_ref()?.name, &names))
        .collect();
    let of = |outcome: &&ReadyOutcome<'_>| {
        let fit = model.fit(&outcome.y.name, &names, &outcome.priors).ok();
        paths
            .iter()
            .zip(&effective)
            .map(|(path, effective)| judged(fit.as_ref()?, &path.as_ref()?.name, *effective))
            .collect()
    };
    Some(outcomes.iter().map(of).collect())
}

/// Judges one path beside the finding's own estimate; `years` from the first to the last of the panel.
pub(crate) fn school_path(
    path: &Estimate,
    adjusted: &Estimate,
    years: i32,
    smallest: f64,
) -> Tried {
    let same_way = path.estimate * adjusted.estimate > 0.0;
    let over_all = path.estimate.abs() * f64::from(years);
    let passed = path.p >= LEVEL || over_all < smallest / 2.0 || !same_way;
    let reason = format!(
        "doses differ mostly between schools; schools that took it up moved {} SD a year against the rest, whatever was taken ({}; a failure needs p below {LEVEL} and {} SD over {years} years, in the direction of the finding)",
        sd(path.estimate),
        chance("p", path.p),
        sd(smallest / 2.0),
    );
    Tried::judged(NAME, passed, Weight::Open, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(estimate: f64, p: f64) -> Estimate {
        Estimate {
            estimate,
            se: 0.01,
            lower: estimate - 0.02,
            upper: estimate + 0.02,
            p,
            df: 20.0,
        }
    }

    #[test]
    fn a_path_counts_against_a_finding_only_where_it_is_sure_matters_and_points_the_same_way() {
        let failed = |path: f64, p: f64, found: f64| {
            school_path(&interval(path, p), &interval(found, 0.01), 3, 0.05).failed()
        };
        assert!(failed(0.05, 0.001, 0.1));
        assert!(failed(-0.05, 0.001, -0.1));
        assert!(!failed(0.05, 0.2, 0.1));
        assert!(!failed(0.05, 0.001, -0.1));
        assert!(!failed(0.005, 0.001, 0.1));
    }
}
