//! What a mixed model is estimated on, checked and gathered on the rows that count.

use crate::design::Column;
use crate::error::StatsError;
use crate::kit::check::{inside, same_length};
use crate::kit::codes::compact;
use crate::linalg::{COLLINEAR, independent};
use faer::Mat;

/// Effects that vary over the levels of one group.
#[derive(Debug, Clone)]
pub struct RandomTerm<'a> {
    /// Name of the group.
    pub group: &'a str,
    /// Level of each row; codes need not be dense or ordered.
    pub codes: &'a [u32],
    /// Whether the intercept varies.
    pub intercept: bool,
    /// Regressors whose slopes vary.
    pub slopes: Vec<Column<'a>>,
    /// Whether the effects of one level may correlate (`|`), or not (`||`).
    pub correlated: bool,
}

impl<'a> RandomTerm<'a> {
    /// `(1 | group)`.
    #[must_use]
    pub fn intercept(group: &'a str, codes: &'a [u32]) -> Self {
        Self {
            group,
            codes,
            intercept: true,
            slopes: Vec::new(),
            correlated: true,
        }
    }
}

/// Rows, weights and random terms.
#[derive(Debug, Clone, Default)]
pub struct MixedDesign<'a> {
    /// Rows to use; `None` uses all.
    pub sample: Option<&'a [bool]>,
    /// Weights `w`: a row's error variance is `σ²/w`. Rows of weight zero are left out.
    pub weights: Option<&'a [f64]>,
    /// Random terms, one at least.
    pub random: Vec<RandomTerm<'a>>,
    /// Leave out the fixed intercept.
    pub no_intercept: bool,
}

/// How a mixed model is estimated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MixedOptions {
    /// Maximum likelihood instead of REML. REML variances are nearly unbiased; only ML criteria of models with different fixed
    /// terms can be compared.
    pub maximum_likelihood: bool,
    /// Confidence level of the intervals.
    pub level: f64,
    /// Newton iterations before giving up.
    pub iterations: usize,
}

impl Default for MixedOptions {
    fn default() -> Self {
        Self {
            maximum_likelihood: false,
            level: 0.95,
            iterations: 100,
        }
    }
}

/// Random effects that share one covariance matrix.
pub(crate) struct Term {
    pub(crate) group: String,
    /// Dense level of each kept row.
    pub(crate) level: Vec<u32>,
    /// The caller's code of each level.
    pub(crate) labels: Vec<u32>,
    /// Names of the effects.
    pub(crate) names: Vec<String>,
    /// Columns divided by `scale`, so that units of measurement do not decide how far the search has to go.
    pub(crate) columns: Vec<Vec<f64>>,
    pub(crate) scale: Vec<f64>,
}

impl Term {
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }
}

/// The model on kept rows.
pub(crate) struct Gathered {
    pub(crate) outside: usize,
    pub(crate) zero_weight: usize,
    pub(crate) weights: Option<Vec<f64>>,
    pub(crate) outcome: Vec<f64>,
    pub(crate) names: Vec<String>,
    pub(crate) columns: Vec<Vec<f64>>,
    pub(crate) collinear: Vec<String>,
    pub(crate) terms: Vec<Term>,
}

impl Gathered {
    pub(crate) fn new(
        design: &MixedDesign<'_>,
        outcome: &Column<'_>,
        fixed: &[Column<'_>],
        options: &MixedOptions,
    ) -> Result<Self, StatsError> {
        let all = outcome.values.len();
        inside("level", options.level, 0.0, 1.0)?;
        if design.random.is_empty() {
            return Err(StatsError::unsupported(
                "a mixed model without random terms",
                "add one such as `(1 | school)`, or use least squares",
            ));
        }
        let (rows, outside, zero_weight) = kept(design, all)?;
        let gather = |c: &Column<'_>| -> Result<Vec<f64>, StatsError> {
            same_length(c.name, c.values.len(), all)?;
            rows.iter()
                .map(|&r| {
                    let v = c.values[r as usize];
                    if v.is_finite() {
                        Ok(v)
                    } else {
                        Err(StatsError::NonFinite {
                            name: c.name.to_owned(),
                            row: r as usize,
                        })
                    }
                })
                .collect()
        };
        let weights: Option<Vec<f64>> = design
            .weights
            .map(|w| rows.iter().map(|&r| w[r as usize]).collect());
        let y = gather(outcome)?;
        if y.iter().all(|v| *v == y[0]) {
            return Err(StatsError::Constant {
                name: outcome.name.to_owned(),
            });
        }
        let (names, columns, collinear) = fixed_columns(design, fixed, &weights, &rows, &gather)?;
        let mut terms = Vec::new();
        for random in &design.random {
            same_length(random.group, random.codes.len(), all)?;
            terms.extend(random_terms(random, &rows, &weights, &gather)?);
        }
        let n = rows.len();
        if n <= columns.len() {
            return Err(StatsError::TooFewObservations {
                n,
                parameters: columns.len(),
            });
        }
        Ok(Self {
            outside,
            zero_weight,
            weights,
            outcome: y,
            names,
            columns,
            collinear,
            terms,
        })
    }
}

/// Rows in the sample and of positive weight, and how many of each kind are not.
fn kept(design: &MixedDesign<'_>, all: usize) -> Result<(Vec<u32>, usize, usize), StatsError> {
    if let Some(s) = design.sample {
        same_length("sample", s.len(), all)?;
    }
    let inside = |r: usize| design.sample.is_none_or(|s| s[r]);
    if let Some(w) = design.weights {
        same_length("weights", w.len(), all)?;
        if let Some(row) = (0..all).find(|&r| inside(r) && !(w[r].is_finite() && w[r] >= 0.0)) {
            return Err(StatsError::InvalidWeight { row });
        }
    }
    let sample: Vec<u32> = (0..all).filter(|&r| inside(r)).map(|r| r as u32).collect();
    let rows: Vec<u32> = sample
        .iter()
        .copied()
        .filter(|&r| design.weights.is_none_or(|w| w[r as usize] > 0.0))
        .collect();
    if rows.is_empty() {
        return Err(StatsError::EmptySample {
            reason: "no row is in the sample and of positive weight".into(),
        });
    }
    let outside = all - sample.len();
    let zero = sample.len() - rows.len();
    Ok((rows, outside, zero))
}

/// Weighted cross products of columns.
pub(crate) fn products(columns: &[Vec<f64>], weights: &Option<Vec<f64>>) -> Mat<f64> {
    let k = columns.len();
    let mut gram = Mat::zeros(k, k);
    for i in 0..k {
        let left: Vec<f64> = match weights {
            Some(w) => columns[i].iter().zip(w).map(|(v, w)| v * w).collect(),
            None => columns[i].clone(),
        };
        for j in i..k {
            let v = crate::linalg::dot(&left, &columns[j]);
            gram[(i, j)] = v;
            gram[(j, i)] = v;
        }
    }
    gram
}

type Fixed = (Vec<String>, Vec<Vec<f64>>, Vec<String>);

/// Fixed columns that stand on their own, and the names of those that do not.
fn fixed_columns(
    design: &MixedDesign<'_>,
    fixed: &[Column<'_>],
    weights: &Option<Vec<f64>>,
    rows: &[u32],
    gather: &dyn Fn(&Column<'_>) -> Result<Vec<f64>, StatsError>,
) -> Result<Fixed, StatsError> {
    let mut names = Vec::new();
    let mut columns = Vec::new();
    if !design.no_intercept {
        names.push(crate::INTERCEPT.to_owned());
        columns.push(vec![1.0; rows.len()]);
    }
    for (i, c) in fixed.iter().enumerate() {
        if fixed[..i].iter().any(|d| d.name == c.name) {
            return Err(StatsError::DuplicateName {
                name: c.name.to_owned(),
            });
        }
        names.push(c.name.to_owned());
        columns.push(gather(c)?);
    }
    let keep = independent(products(&columns, weights).as_ref(), COLLINEAR);
    let mut collinear = Vec::new();
    let mut kept: Vec<(String, Vec<f64>)> = Vec::new();
    for ((name, column), keep) in names.into_iter().zip(columns).zip(keep) {
        if keep {
            kept.push((name, column));
        } else {
            collinear.push(name);
        }
    }
    if kept.is_empty() {
        return Err(if collinear.is_empty() {
            StatsError::unsupported("a mixed model without fixed terms", "keep the intercept")
        } else {
            StatsError::AllCollinear {
                names: collinear.join(", "),
            }
        });
    }
    let (names, columns) = kept.into_iter().unzip();
    Ok((names, columns, collinear))
}

/// One random term becomes one covariance matrix, or one for each effect when they may not correlate.
fn random_terms(
    random: &RandomTerm<'_>,
    rows: &[u32],
    weights: &Option<Vec<f64>>,
    gather: &dyn Fn(&Column<'_>) -> Result<Vec<f64>, StatsError>,
) -> Result<Vec<Term>, StatsError> {
    let codes: Vec<u32> = rows.iter().map(|&r| random.codes[r as usize]).collect();
    let (level, labels) = compact(&codes);
    let refuse = |reason| {
        Err(StatsError::NotEstimable {
            place: format!("the variance over `{}`", random.group),
            reason,
        })
    };
    if labels.len() < 2 {
        return refuse("it has a single level; leave the random term out");
    }
    let mut names = Vec::new();
    let mut columns = Vec::new();
    if random.intercept {
        names.push(crate::INTERCEPT.to_owned());
        columns.push(vec![1.0; rows.len()]);
    }
    for slope in &random.slopes {
        names.push(slope.name.to_owned());
        columns.push(gather(slope)?);
    }
    if columns.is_empty() {
        return refuse("the random term has no effect; write `(1 | group)` or `(x | group)`");
    }
    if labels.len() * columns.len() >= rows.len() {
        return refuse(
            "there are as many random effects as observations, so they cannot be told from errors; use fewer effects or a coarser group",
        );
    }
    let gram = products(&columns, weights);
    if let Some(at) = independent(gram.as_ref(), COLLINEAR)
        .iter()
        .position(|keep| !keep)
    {
        return Err(StatsError::NotEstimable {
            place: format!(
                "the random slope of `{}` over `{}`",
                names[at], random.group
            ),
            reason: "it is constant or implied by the other random effects; leave it out",
        });
    }
    let mass = weights
        .as_ref()
        .map_or(rows.len() as f64, |w| w.iter().sum());
    let scale: Vec<f64> = (0..columns.len())
        .map(|j| (gram[(j, j)] / mass).sqrt())
        .collect();
    for (column, s) in columns.iter_mut().zip(&scale) {
        column.iter_mut().for_each(|v| *v /= s);
    }
    let term = |names: Vec<String>, columns: Vec<Vec<f64>>, scale: Vec<f64>| Term {
        group: random.group.to_owned(),
        level: level.clone(),
        labels: labels.clone(),
        names,
        columns,
        scale,
    };
    if random.correlated {
        return Ok(vec![term(names, columns, scale)]);
    }
    Ok(names
        .into_iter()
        .zip(columns)
        .zip(scale)
        .map(|((n, c), s)| term(vec![n], vec![c], vec![s]))
        .collect())
}
