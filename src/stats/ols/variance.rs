//! Sandwich variances: iid, heteroskedastic, clustered one and many ways.

use faer::Mat;

use super::leverage::leverage;
use super::options::{ClusterFactor, FitOptions, Vcov};
use super::parameters::Parameters;
use super::scores::{Solved, meat};
use crate::absorbed::Absorbed;
use crate::error::StatsError;
use crate::linalg::{eigen_symmetric, multiply};
use crate::sample::Dense;

/// A variance of the slopes with the degrees of freedom of its t tests.
#[derive(Debug)]
pub(crate) struct Variance {
    pub(crate) matrix: Mat<f64>,
    /// One for each reported coefficient.
    pub(crate) df: Vec<f64>,
    pub(crate) label: String,
    pub(crate) notes: Vec<String>,
}

/// The clusters an options record selects, as positions among the design's, checked.
pub(crate) fn chosen_clusters(
    data: &Absorbed,
    options: &FitOptions,
) -> Result<Vec<usize>, StatsError> {
    if matches!(options.vcov, Vcov::Iid | Vcov::Hc1 | Vcov::Hc2 | Vcov::Hc3) {
        return Ok(Vec::new());
    }
    let all = &data.sample.clusters;
    let which: Vec<usize> = if options.cluster_by.is_empty() {
        (0..all.len()).collect()
    } else {
        options
            .cluster_by
            .iter()
            .map(|name| {
                all.iter()
                    .position(|c| c.name == *name)
                    .ok_or_else(|| StatsError::UnknownColumn { name: name.clone() })
            })
            .collect::<Result<_, _>>()?
    };
    if which.is_empty() {
        return Err(StatsError::unsupported(
            "a clustered variance without a cluster variable",
            "name one in the design",
        ));
    }
    if which.len() > 4 {
        return Err(StatsError::unsupported(
            "clustering by more than four variables",
            "cluster at the level of assignment",
        ));
    }
    for &w in &which {
        if all[w].levels < 2 {
            return Err(StatsError::TooFewClusters {
                name: all[w].name.clone(),
                found: all[w].levels,
            });
        }
    }
    Ok(which)
}

/// `(n−1)/(n−K)`, or one when not asked for.
pub(crate) fn parameter_factor(n: usize, parameters: &Parameters, options: &FitOptions) -> f64 {
    if options.ssc.adjust_parameters {
        (n as f64 - 1.0) / (n as f64 - parameters.counted as f64)
    } else {
        1.0
    }
}

/// `σ² (X'WX)⁻¹`.
pub(crate) fn iid(
    data: &Absorbed,
    fit: &Solved,
    parameters: &Parameters,
    options: &FitOptions,
    known: bool,
) -> Variance {
    let n = data.n();
    let sigma2 = if known {
        1.0
    } else {
        fit.rss / (n as f64 - 1.0)
    };
    let sigma2 = sigma2 * parameter_factor(n, parameters, options);
    Variance {
        matrix: &fit.bread * faer::Scale(sigma2),
        df: vec![n as f64 - parameters.counted as f64],
        label: "IID".to_owned(),
        notes: Vec::new(),
    }
}

/// Heteroskedasticity-robust variances; `power` of `1−h` is 0 (HC1), 1 (HC2) or 2 (HC3).
pub(crate) fn heteroskedastic(
    data: &Absorbed,
    fit: &Solved,
    parameters: &Parameters,
    options: &FitOptions,
    power: i32,
) -> Result<Variance, StatsError> {
    let n = data.n();
    let p = fit.x.len();
    let mut e = fit.residuals(data);
    let mut notes = Vec::new();
    if power > 0 {
        let h = leverage(data, fit)?;
        let mut certain = 0;
        for (e, h) in e.iter_mut().zip(&h) {
            let left = 1.0 - h;
            if left < 1e-10 {
                certain += 1;
                *e = 0.0;
            } else if power == 1 {
                *e /= left.sqrt();
            } else {
                *e /= left;
            }
        }
        if certain > 0 {
            notes.push(format!(
                "{certain} rows have leverage one and leave the variance"
            ));
        }
    }
    let scores = row_scores(data, fit, &e);
    let factor = if power == 0 {
        let clusters = if options.ssc.adjust_clusters {
            n as f64 / (n as f64 - 1.0)
        } else {
            1.0
        };
        parameter_factor(n, parameters, options) * clusters
    } else {
        1.0
    };
    Ok(Variance {
        matrix: sandwich(&fit.bread, &meat(&scores, p), factor),
        df: vec![n as f64 - parameters.counted as f64],
        label: ["heteroskedasticity-robust HC1", "HC2", "HC3"][power as usize].to_owned(),
        notes,
    })
}

/// `w·x·e` of every row, row by row.
fn row_scores(data: &Absorbed, fit: &Solved, e: &[f64]) -> Vec<f64> {
    let p = fit.x.len();
    let weights = data.weights();
    let mut scores = vec![0.0; e.len() * p];
    for (j, &x) in fit.x.iter().enumerate() {
        for (i, v) in data.variables[x].values.iter().enumerate() {
            scores[i * p + j] = weights.map_or(1.0, |w| w[i]) * e[i] * v;
        }
    }
    scores
}

/// Liang–Zeger, with inclusion and exclusion over the crossings of several cluster variables.
pub(crate) fn clustered(
    data: &Absorbed,
    fit: &Solved,
    parameters: &Parameters,
    options: &FitOptions,
    which: &[usize],
) -> Variance {
    let n = data.n();
    let p = fit.x.len();
    let clusters: Vec<&Dense> = which.iter().map(|&w| &data.sample.clusters[w]).collect();
    let smallest = clusters.iter().map(|c| c.levels).min().unwrap_or(0) as f64;
    let whole = parameter_factor(n, parameters, options);
    let mut residuals: Option<Vec<f64>> = None;
    let mut total = Mat::<f64>::zeros(p, p);
    for subset in 1u32..1 << which.len() {
        let members: Vec<usize> = (0..which.len()).filter(|b| subset >> b & 1 == 1).collect();
        let white = options.ssc.white_crossing && which.len() > 1 && members.len() == which.len();
        let sign = if members.len() % 2 == 1 { 1.0 } else { -1.0 };
        if white {
            // The factor of the whole is taken off again.
            let e = residuals.get_or_insert_with(|| fit.residuals(data));
            let scores = row_scores(data, fit, e);
            total += meat(&scores, p) * faer::Scale(sign / whole);
            continue;
        }
        let (scores, groups) = match (&members[..], members.len()) {
            ([only], 1) if data.by_cluster[which[*only]].is_some() => {
                let grams = data.by_cluster[which[*only]].as_ref();
                let scores = grams.map_or_else(Vec::new, |g| fit.scores_from_grams(data, g));
                (scores, clusters[*only].levels)
            }
            _ => {
                let parts: Vec<&Dense> = members.iter().map(|&m| clusters[m]).collect();
                let crossed = Dense::cross(&parts);
                let e = residuals.get_or_insert_with(|| fit.residuals(data));
                (fit.scores_from_rows(data, &crossed, e), crossed.levels)
            }
        };
        let count = match options.ssc.cluster_factor {
            ClusterFactor::Min => smallest,
            ClusterFactor::PerTerm => groups as f64,
        };
        let factor = if options.ssc.adjust_clusters {
            count / (count - 1.0)
        } else {
            1.0
        };
        total += meat(&scores, p) * faer::Scale(sign * factor);
    }
    Variance {
        matrix: sandwich(&fit.bread, &total, whole),
        df: vec![smallest - 1.0],
        label: format!(
            "CR1 clustered by {}{}",
            names(&clusters),
            if options.ssc.white_crossing && which.len() > 1 {
                ", White for their crossing"
            } else {
                ""
            }
        ),
        notes: Vec::new(),
    }
}

pub(crate) fn names(clusters: &[&Dense]) -> String {
    clusters
        .iter()
        .map(|c| c.name.as_str())
        .collect::<Vec<_>>()
        .join(" and ")
}

/// `factor · M meat M`, made symmetric.
pub(crate) fn sandwich(bread: &Mat<f64>, meat: &Mat<f64>, factor: f64) -> Mat<f64> {
    let v = multiply(
        multiply(bread.as_ref(), meat.as_ref()).as_ref(),
        bread.as_ref(),
    );
    Mat::from_fn(v.nrows(), v.ncols(), |i, j| {
        0.5 * factor * (v[(i, j)] + v[(j, i)])
    })
}

/// Replaces negative eigenvalues when a diagonal element is negative (Cameron, Gelbach and Miller 2011), as fixest does.
/// Returns whether it had to.
pub(crate) fn repair(matrix: &mut Mat<f64>) -> bool {
    if (0..matrix.nrows()).all(|j| matrix[(j, j)] >= 0.0) {
        return false;
    }
    if let Some((values, vectors)) = eigen_symmetric(matrix.as_ref()) {
        let p = values.len();
        *matrix = Mat::from_fn(p, p, |i, j| {
            (0..p)
                .map(|k| vectors[(i, k)] * values[k].max(1e-10) * vectors[(j, k)])
                .sum()
        });
    }
    true
}
