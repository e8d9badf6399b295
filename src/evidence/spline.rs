//! A smooth dose-response: a natural cubic spline of the dose in the shared model, so that it adjusts for all that the
//! straight line adjusts for. Knots and the doses at which it is read are rounded to numbers people use, so that none is
//! one teacher's hours, and it ends where nine in twenty of the largest tenth of doses still lie (the 95th percentile).

use throughline_stats::dose::{natural_spline_term, uniform_multiplier};

use crate::association::{Model, judged, with_df};
use crate::finding::{Curve, CurvePoint};
use crate::frame::{Column, ReadyExposure, ReadyOutcome};

/// Quantiles of the positive doses at which knots sit (Harrell 2015), most knots first.
const KNOTS: [&[f64]; 2] = [&[0.05, 0.35, 0.65, 0.95], &[0.10, 0.50, 0.90]];

/// Points of a curve at most.
const POINTS: f64 = 16.0;

/// Where one exposure's spline bends and is read.
pub(crate) struct Spline {
    linear: String,
    knots: Vec<f64>,
    /// Doses above zero, ascending.
    at: Vec<f64>,
}

impl Spline {
    /// Knots for the doses of these rows. `Err(None)` for a dose that is yes or no; `Err(Some)` says why there can be no curve.
    pub(crate) fn choose(linear: &str, dose: &[f64], rows: &[u32]) -> Result<Self, Option<String>> {
        let doses = rows.iter().map(|row| dose[*row as usize]);
        let mut positive: Vec<f64> = doses.filter(|d| *d > 0.0).collect();
        positive.sort_by(f64::total_cmp);
        let (Some(first), Some(last)) = (positive.first(), positive.last()) else {
            return Err(Some("nobody has any dose".to_owned()));
        };
        if *last <= 1.0 || last - first < 1e-9 {
            return Err(None);
        }
        let quantile = |q: f64| rounded(positive[((positive.len() - 1) as f64 * q) as usize]);
        let ascend = |knots: &Vec<f64>| knots.windows(2).all(|w| w[0] < w[1]);
        let knots = KNOTS
            .iter()
            .map(|places| places.iter().map(|q| quantile(*q)).collect::<Vec<f64>>())
            .find(ascend)
            .ok_or_else(|| {
                Some(
                    "doses have too few different sizes for a curve; the bins show them".to_owned(),
                )
            })?;
        let end = quantile(0.95);
        let step = nice(end / POINTS);
        let at = (1..).map(|i| f64::from(i) * step);
        Ok(Self {
            linear: linear.to_owned(),
            knots,
            at: at.take_while(|d| *d <= end * (1.0 + 1e-9)).collect(),
        })
    }

    fn terms(&self) -> usize {
        self.knots.len() - 1
    }

    /// The basis, the dose in its own unit first.
    pub(crate) fn columns<'c>(&'c self, dose: &'c [f64]) -> Vec<Column<'c>> {
        (0..self.terms())
            .map(|term| {
                let name = format!("curve {term} of {}", self.linear);
                Column::of(name, dose, move |d| {
                    natural_spline_term(d, &self.knots, term)
                })
            })
            .collect()
    }

    /// The curve of one outcome in a model that holds the basis; `effective`: clusters
    /// behind the dose; `higher`: whether more of the outcome is better.
    pub(crate) fn curve(
        &self,
        model: &Model<'_>,
        ready: &ReadyExposure<'_>,
        outcome: &ReadyOutcome<'_>,
        effective: Option<f64>,
        higher: bool,
    ) -> Result<Curve, String> {
        let names: Vec<String> = (0..self.terms())
            .map(|term| format!("curve {term} of {}", self.linear))
            .collect();
        let basis: Vec<&str> = names.iter().map(String::as_str).collect();
        let others = model.doses.iter().copied().filter(|d| *d != ready.d.name);
        let regressors: Vec<&str> = basis.iter().copied().chain(others).collect();
        let text = |error: throughline_stats::StatsError| error.to_string();
        let fit = model
            .fit(&outcome.y.name, &regressors, &outcome.priors)
            .map_err(text)?;
        let at: Vec<usize> = basis
            .iter()
            .map(|name| fit.coefficients.iter().position(|c| c.term == *name))
            .collect::<Option<_>>()
            .ok_or("too few sizes of dose differ for a curve")?;
        let p = fit.coefficients.len();
        let covariance: Vec<f64> = at
            .iter()
            .flat_map(|i| at.iter().map(move |j| (i, j)))
            .map(|(i, j)| fit.covariance[i * p + j])
            .collect();
        // No more degrees of freedom than the clusters behind the dose allow.
        let df = judged(&fit, basis[0], effective).map_or(1.0, |e| e.df);
        let read = |weights: &[f64]| {
            let estimate = weights
                .iter()
                .zip(&at)
                .map(|(w, i)| w * fit.coefficients[*i].estimate);
            let mut variance = 0.0;
            for (a, one) in weights.iter().enumerate() {
                for (b, other) in weights.iter().enumerate() {
                    variance += one * other * covariance[a * weights.len() + b];
                }
            }
            with_df(estimate.sum(), variance.max(0.0).sqrt(), df)
        };
        let contrasts: Vec<Vec<f64>> = self.at.iter().map(|d| self.against_none(*d)).collect();
        let reach = uniform_multiplier(&contrasts, &covariance, df, 0.95).map_err(text)?;
        let points: Vec<CurvePoint> = self
            .at
            .iter()
            .zip(&contrasts)
            .map(|(dose, contrast)| {
                let effect = read(contrast);
                CurvePoint {
                    dose: *dose,
                    effect,
                    band_lower: effect.estimate - reach * effect.se,
                    band_upper: effect.estimate + reach * effect.se,
                }
            })
            .collect();
        let sign = if higher { 1.0 } else { -1.0 };
        let pays: Vec<bool> = self
            .at
            .iter()
            .map(|dose| {
                let slope = read(&self.slope(*dose));
                let (lower, upper) = (sign * slope.lower, sign * slope.upper);
                lower.min(upper) > 0.0
            })
            .collect();
        let test = |terms: &[&str]| fit.wald(terms).ok().map(|test| test.p);
        Ok(Curve {
            points,
            any_p: test(&basis),
            curved_p: test(&basis[1..]),
            stops_paying: stops(&self.at, &pays),
        })
    }

    /// Weights of the difference between a dose and none.
    fn against_none(&self, dose: f64) -> Vec<f64> {
        let term = |d: f64, k: usize| natural_spline_term(d, &self.knots, k);
        (0..self.terms())
            .map(|k| term(dose, k) - term(0.0, k))
            .collect()
    }

    /// Weights of what the next unit adds at a dose: the derivative, by a central difference that is exact enough for cubics
    /// on a grid this coarse.
    fn slope(&self, dose: f64) -> Vec<f64> {
        let h = 1e-4 * self.at.last().copied().unwrap_or(1.0);
        let (up, down) = (self.against_none(dose + h), self.against_none(dose - h));
        up.iter()
            .zip(down)
            .map(|(u, d)| (u - d) / (2.0 * h))
            .collect()
    }
}

/// The first dose from which on, to the last, the next unit's worth cannot be told from nothing, after it could before.
fn stops(at: &[f64], pays: &[bool]) -> Option<f64> {
    let last = pays.iter().rposition(|p| *p)?;
    at.get(last + 1).copied()
}

/// To two significant digits.
fn rounded(dose: f64) -> f64 {
    format!("{dose:.1e}").parse().unwrap_or(dose)
}

/// The next of 1, 2, 2.5, 5 times a power of ten.
fn nice(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let found = [1.0, 2.0, 2.5, 5.0, 10.0];
    let wanted = found.into_iter().find(|m| m * power >= step * (1.0 - 1e-9));
    wanted.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_is_read_at_round_doses_up_to_the_last_tenth() {
        let dose: Vec<f64> = (0..=400).map(|i| f64::from(i) * 0.1).collect();
        let rows: Vec<u32> = (0..401).collect();
        let spline = Spline::choose("hours", &dose, &rows).expect("counted");
        assert_eq!(spline.knots, [2.0, 14.0, 26.0, 38.0]);
        assert_eq!(spline.at.first(), Some(&2.5));
        assert_eq!(spline.at.last(), Some(&37.5));
        assert!(matches!(
            Spline::choose("badge", &[0.0, 1.0], &[0, 1]),
            Err(None)
        ));
        let two: Vec<f64> = (0..40).map(|i| f64::from(1 + i % 2) * 6.0).collect();
        let rows: Vec<u32> = (0..40).collect();
        assert!(matches!(
            Spline::choose("course", &two, &rows),
            Err(Some(_))
        ));
    }

    #[test]
    fn the_next_hour_stops_paying_where_it_no_longer_surely_does() {
        let at = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(stops(&at, &[true, false, true, false]), Some(4.0));
        assert_eq!(stops(&at, &[true, true, false, true]), None);
        assert_eq!(stops(&at, &[false, true, false, false]), Some(3.0));
        assert_eq!(stops(&at, &[true; 4]), None);
        assert_eq!(stops(&at, &[false; 4]), None);
    }
}
