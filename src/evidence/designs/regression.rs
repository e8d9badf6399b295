//! The regression behind a comparison of two groups: weighted, with school × year and grade × year effects, on the baseline, errors
//! by whoever the dose is given to: CR2 with Satterthwaite's degrees of freedom where the clusters weigh as much as fewer than 40
//! equal ones would (a draw among sixty teachers has that many), CR1 with the effective number less one elsewhere.

use throughline_stats::{
    Absorbed, Column as Numbers, Design, Effect, FitOptions, StatsError, Vcov, absorb,
};

use crate::association::{FEW_CLUSTERS, judged, with_df};
use crate::finding::Estimate;
use crate::frame::Frame;

const GROUP: &str = "took part";

/// Rows of two groups.
pub(crate) struct Groups<'g> {
    pub(crate) frame: &'g Frame<'g>,
    /// Rows of the panel.
    pub(crate) rows: &'g [usize],
    pub(crate) treated: &'g [bool],
    pub(crate) outcome: &'g [f64],
    pub(crate) baseline: &'g [(&'g str, &'g [f64])],
    /// What errors cluster by: name and codes of all rows of the panel.
    pub(crate) cluster: (&'static str, &'g [u32]),
}

/// The difference between the groups.
pub(crate) struct Difference {
    pub(crate) estimate: Estimate,
    /// Effective number of clusters behind it.
    pub(crate) effective: f64,
    /// How many clusters there are.
    pub(crate) clusters: usize,
    /// The errors' convention, `CR2 by teacher`.
    pub(crate) errors: String,
}

/// Removes school × year and grade × year effects from outcome, group and baseline.
fn removed(groups: &Groups<'_>, weights: Option<&[f64]>) -> Result<Absorbed, StatsError> {
    let pick = |codes: &[u32]| -> Vec<u32> { groups.rows.iter().map(|r| codes[*r]).collect() };
    let school_year = pick(&groups.frame.school_year);
    let grade_year = pick(&groups.frame.grade_year);
    let cluster = pick(groups.cluster.1);
    let treated: Vec<f64> = groups.treated.iter().map(|t| f64::from(*t)).collect();
    let effect = |name, codes| Effect { name, codes };
    let design = Design {
        weights,
        effects: vec![
            effect("school × year", &school_year),
            effect("grade × year", &grade_year),
        ],
        clusters: vec![effect(groups.cluster.0, &cluster)],
        ..Design::default()
    };
    let mut columns = vec![
        Numbers {
            name: "outcome",
            values: groups.outcome,
        },
        Numbers {
            name: GROUP,
            values: &treated,
        },
    ];
    let rest = groups.baseline.iter();
    columns.extend(rest.map(|(name, values)| Numbers { name, values }));
    absorb(&design, &columns)
}

fn names<'g>(groups: &Groups<'g>) -> Vec<&'g str> {
    groups.baseline.iter().map(|(name, _)| *name).collect()
}

/// Estimates the difference; rows of weight zero are left out.
pub(crate) fn regress(groups: &Groups<'_>, weights: &[f64]) -> Result<Difference, StatsError> {
    let data = removed(groups, Some(weights))?;
    let others = names(groups);
    let mut regressors = vec![GROUP];
    regressors.extend(&others);
    let effective = effective(&data, &others, groups.cluster.0).unwrap_or(0.0);
    let by = |vcov| data.ols("outcome", &regressors, &FitOptions::new(vcov));
    let (fit, name) = match effective < FEW_CLUSTERS as f64 {
        true => match by(Vcov::Cr2) {
            // Too many schools and years to write out as columns.
            Err(StatsError::Unsupported { .. }) => (by(Vcov::Crv1)?, "CR1"),
            answered => (answered?, "CR2"),
        },
        false => (by(Vcov::Crv1)?, "CR1"),
    };
    let estimate =
        judged(&fit, GROUP, Some(effective)).ok_or_else(|| StatsError::NotEstimable {
            place: "the difference between the groups".into(),
            reason: "no school and grade has both groups in one year",
        })?;
    Ok(Difference {
        estimate,
        effective,
        clusters: data
            .cluster(groups.cluster.0)
            .map_or(0, |(_, levels)| levels),
        errors: format!("{name} by {}", groups.cluster.0),
    })
}

/// The effect of taking part, instrumented by the group; `None` where the group hardly moves it (F below 10).
///
/// With one instrument two-stage least squares is the ratio of two differences between the groups, and its sandwich is that of the
/// difference in what the estimate leaves of the outcome, over the difference in taking part: so it takes the errors of such a
/// difference, CR2 where clusters are few.
pub(crate) fn complier(groups: &Groups<'_>, taken: &[f64]) -> Option<Estimate> {
    let weights = vec![1.0; groups.rows.len()];
    let between = |outcome: &[f64]| {
        let of = Groups { outcome, ..*groups };
        regress(&of, &weights).ok().map(|found| found.estimate)
    };
    let moved = between(taken)?;
    if (moved.estimate / moved.se).powi(2) < 10.0 {
        return None;
    }
    let estimate = between(groups.outcome)?.estimate / moved.estimate;
    let outcomes = groups.outcome.iter().zip(taken);
    let left: Vec<f64> = outcomes.map(|(y, taken)| y - estimate * taken).collect();
    let left = between(&left)?;
    Some(with_df(estimate, left.se / moved.estimate.abs(), left.df))
}

/// What effects and baseline leave of the outcome, by place among the rows.
pub(crate) fn unexplained(groups: &Groups<'_>) -> Result<Vec<(usize, f64)>, StatsError> {
    let data = removed(groups, None)?;
    let others = names(groups);
    let left = match others.is_empty() {
        true => data.column("outcome")?.to_vec(),
        false => data.residuals("outcome", &others)?,
    };
    let places = data.rows().iter().map(|row| *row as usize);
    Ok(places.zip(left).collect())
}

/// With shares s of the group's remaining variation by cluster, `(Σs)² / Σs²`.
fn effective(data: &Absorbed, others: &[&str], cluster: &str) -> Option<f64> {
    let own = match others.is_empty() {
        true => data.column(GROUP).ok()?.to_vec(),
        false => data.residuals(GROUP, others).ok()?,
    };
    let (codes, levels) = data.cluster(cluster)?;
    let mut shares = vec![0.0; levels];
    for (i, (value, code)) in own.iter().zip(codes).enumerate() {
        let weight = data.weights().map_or(1.0, |w| w[i]);
        shares[*code as usize] += weight * value * value;
    }
    let total: f64 = shares.iter().sum();
    let squares: f64 = shares.iter().map(|s| s * s).sum();
    (squares > 0.0).then(|| total * total / squares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_model::Panel;

    /// Teachers in a draw, ten students each; those offered a place take part more often, and taking part adds a half.
    struct Drawn {
        panel: Panel,
        teacher: Vec<u32>,
        treated: Vec<bool>,
        taken: Vec<f64>,
        outcome: Vec<f64>,
        prior: Vec<f64>,
    }

    fn drawn(teachers: u32) -> Drawn {
        let mut state = 11_u64;
        let mut uniform = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let mut drawn = Drawn {
            panel: Panel::default(),
            teacher: Vec::new(),
            treated: Vec::new(),
            taken: Vec::new(),
            outcome: Vec::new(),
            prior: Vec::new(),
        };
        for teacher in 0..teachers {
            let offered = teacher % 2 == 0;
            let takes = uniform() < if offered { 0.9 } else { 0.1 };
            let skill = uniform() - 0.5;
            for _ in 0..10 {
                let prior = uniform();
                drawn.teacher.push(teacher);
                drawn.treated.push(offered);
                drawn.taken.push(f64::from(takes));
                drawn.prior.push(prior);
                let own = 0.5 * f64::from(takes) + skill + prior + uniform();
                drawn.outcome.push(own);
            }
        }
        drawn
    }

    /// The estimate, and the same by two-stage least squares with CR1.
    fn both(teachers: u32) -> (Estimate, f64, f64) {
        let drawn = drawn(teachers);
        let n = drawn.teacher.len();
        let half: Vec<u32> = drawn.teacher.iter().map(|t| t / 2 % 3).collect();
        let frame = Frame {
            panel: &drawn.panel,
            school_year: half,
            grade_year: vec![0; n],
            teacher_school: Vec::new(),
            outcomes: Vec::new(),
            exposures: Vec::new(),
        };
        let rows: Vec<usize> = (0..n).collect();
        let groups = Groups {
            frame: &frame,
            rows: &rows,
            treated: &drawn.treated,
            outcome: &drawn.outcome,
            baseline: &[("prior", &drawn.prior), ("taken", &drawn.taken)],
            cluster: ("teacher", &drawn.teacher),
        };
        // `taken` is a column here, and no baseline.
        let data = removed(&groups, None).expect("removed");
        let options = FitOptions::new(Vcov::Crv1);
        let found = data
            .iv("outcome", &["prior"], &["taken"], &[GROUP], &options)
            .expect("estimated");
        let found = found.fit.coefficient("taken").expect("there").clone();
        let groups = Groups {
            baseline: &[("prior", &drawn.prior)],
            ..groups
        };
        let complier = complier(&groups, &drawn.taken).expect("offers were taken");
        (complier, found.estimate, found.se)
    }

    #[test]
    fn it_is_two_stage_least_squares() {
        let (complier, estimate, se) = both(120);
        assert!((complier.estimate - estimate).abs() < 1e-9);
        assert!((complier.se - se).abs() < 1e-9, "{} {se}", complier.se);
    }

    #[test]
    fn with_few_teachers_its_error_is_no_longer_too_small() {
        let (complier, estimate, se) = both(24);
        assert!((complier.estimate - estimate).abs() < 1e-9);
        assert!(complier.se > se, "{} {se}", complier.se);
        assert!(complier.df < 23.0, "{}", complier.df);
    }
}
