//! The regression behind a comparison of two groups: weighted, with school × year and grade × year effects, on the baseline, errors
//! by teacher with the effective number of clusters less one as degrees of freedom.

use throughline_stats::{
    Absorbed, Column as Numbers, Design, Effect, FitOptions, StatsError, Vcov, absorb,
};

use crate::association::judged;
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
}

/// The difference between the groups.
pub(crate) struct Difference {
    pub(crate) estimate: Estimate,
    /// Effective number of clusters behind it.
    pub(crate) effective: f64,
}

/// Estimates the difference; rows of weight zero are left out.
pub(crate) fn regress(groups: &Groups<'_>, weights: &[f64]) -> Result<Difference, StatsError> {
    let pick = |codes: &[u32]| -> Vec<u32> { groups.rows.iter().map(|r| codes[*r]).collect() };
    let school_year = pick(&groups.frame.school_year);
    let grade_year = pick(&groups.frame.grade_year);
    let teacher = pick(&groups.frame.panel.teacher.codes);
    let treated: Vec<f64> = groups.treated.iter().map(|t| f64::from(*t)).collect();
    let effect = |name, codes| Effect { name, codes };
    let design = Design {
        weights: Some(weights),
        effects: vec![
            effect("school × year", &school_year),
            effect("grade × year", &grade_year),
        ],
        clusters: vec![effect("teacher", &teacher)],
        ..Design::default()
    };
    let column = |name, values| Numbers { name, values };
    let mut columns = vec![
        column("outcome", groups.outcome),
        column(GROUP, treated.as_slice()),
    ];
    columns.extend(groups.baseline.iter().map(|(name, v)| column(name, v)));
    let data = absorb(&design, &columns)?;
    let others: Vec<&str> = groups.baseline.iter().map(|(name, _)| *name).collect();
    let mut regressors = vec![GROUP];
    regressors.extend(&others);
    let fit = data.ols("outcome", &regressors, &FitOptions::new(Vcov::Crv1))?;
    let effective = effective(&data, &others).unwrap_or(0.0);
    let estimate =
        judged(&fit, GROUP, Some(effective)).ok_or_else(|| StatsError::NotEstimable {
            place: "the difference between the groups".into(),
            reason: "no school and grade has both groups in one year",
        })?;
    Ok(Difference {
        estimate,
        effective,
    })
}

/// With shares s of the group's remaining variation by cluster, `(Σs)² / Σs²`.
fn effective(data: &Absorbed, others: &[&str]) -> Option<f64> {
    let own = match others.is_empty() {
        true => data.column(GROUP).ok()?.to_vec(),
        false => data.residuals(GROUP, others).ok()?,
    };
    let (codes, levels) = data.cluster("teacher")?;
    let mut shares = vec![0.0; levels];
    for (i, (value, code)) in own.iter().zip(codes).enumerate() {
        let weight = data.weights().map_or(1.0, |w| w[i]);
        shares[*code as usize] += weight * value * value;
    }
    let total: f64 = shares.iter().sum();
    let squares: f64 = shares.iter().map(|s| s * s).sum();
    (squares > 0.0).then(|| total * total / squares)
}
