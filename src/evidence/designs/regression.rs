//! The regression behind a comparison of two groups: weighted, with school × year and grade × year effects, on the baseline, errors
//! by whoever the dose is given to: CR2 with Satterthwaite's degrees of freedom where the clusters weigh as much as fewer than 40
//! equal ones would (a draw among sixty teachers has that many), CR1 with the effective number less one elsewhere.

use throughline_stats::{
    Absorbed, Column as Numbers, Design, Effect, FitOptions, StatsError, Vcov, absorb,
};

use crate::association::{FEW_CLUSTERS, judged};
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

/// Removes school × year and grade × year effects from outcome, group, baseline and `more`.
fn removed(
    groups: &Groups<'_>,
    weights: Option<&[f64]>,
    more: &[(&str, &[f64])],
) -> Result<Absorbed, StatsError> {
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
    let rest = groups.baseline.iter().chain(more);
    columns.extend(rest.map(|(name, values)| Numbers { name, values }));
    absorb(&design, &columns)
}

fn names<'g>(groups: &Groups<'g>) -> Vec<&'g str> {
    groups.baseline.iter().map(|(name, _)| *name).collect()
}

/// Estimates the difference; rows of weight zero are left out.
pub(crate) fn regress(groups: &Groups<'_>, weights: &[f64]) -> Result<Difference, StatsError> {
    let data = removed(groups, Some(weights), &[])?;
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
pub(crate) fn complier(groups: &Groups<'_>, taken: &[f64]) -> Option<Estimate> {
    const TAKEN: &str = "taken";
    let data = removed(groups, None, &[(TAKEN, taken)]).ok()?;
    let others = names(groups);
    let options = FitOptions::new(Vcov::Crv1);
    let found = data
        .iv("outcome", &others, &[TAKEN], &[GROUP], &options)
        .ok()?;
    let stage = found.first_stages.first()?;
    let strength = stage.fit.coefficient(GROUP)?.statistic.powi(2);
    let effective = effective(&data, &others, groups.cluster.0)?;
    judged(&found.fit, TAKEN, Some(effective)).filter(|_| strength >= 10.0)
}

/// What effects and baseline leave of the outcome, by place among the rows.
pub(crate) fn unexplained(groups: &Groups<'_>) -> Result<Vec<(usize, f64)>, StatsError> {
    let data = removed(groups, None, &[])?;
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
