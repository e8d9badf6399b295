//! How outcomes differ by size of dose: none, and three sizes of about equally many student × school years. The cuts are
//! rounded to numbers people use, so that no edge is one teacher's hours; the last size is open.

use throughline_model::panel::Panel;
use throughline_model::pipeline::{Exposure, Outcome};
use throughline_stats::StatsError;

use crate::association::{Model, judged};
use crate::counts::distinct;
use crate::finding::{DoseBin, DoseCurve, Named};
use crate::frame::{Column, ReadyOutcome};

/// Where the sizes of one exposure's dose are cut.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bins {
    exposure: String,
    /// Rounded cuts in the dose's own unit, ascending; the sizes are (0, c₁], (c₁, c₂], (c₂, ∞).
    cuts: Vec<f64>,
}

impl Bins {
    /// Cuts at the thirds of the positive doses. `None` for a dose that is yes or no (or a share of it), or where rounding
    /// leaves a single size.
    pub(crate) fn choose(exposure: &str, dose: &[f64]) -> Option<Self> {
        let mut positive: Vec<f64> = dose.iter().copied().filter(|d| *d > 0.0).collect();
        positive.sort_by(f64::total_cmp);
        let largest = *positive.last()?;
        if largest <= 1.0 {
            return None;
        }
        let third = |k: usize| rounded(positive[k * positive.len() / 3]);
        let mut cuts = vec![third(1), third(2)];
        cuts.dedup();
        cuts.retain(|cut| positive[0] <= *cut && *cut < largest);
        (!cuts.is_empty()).then(|| Self {
            exposure: exposure.to_owned(),
            cuts,
        })
    }

    /// The sizes: above, up to.
    fn ranges(&self) -> Vec<(f64, Option<f64>)> {
        let starts = std::iter::once(0.0).chain(self.cuts.iter().copied());
        let ends = self.cuts.iter().copied().map(Some);
        starts.zip(ends.chain(std::iter::once(None))).collect()
    }

    /// One dummy a size.
    pub(crate) fn columns<'d>(&self, dose: &'d [f64]) -> Vec<Column<'d>> {
        self.ranges()
            .into_iter()
            .enumerate()
            .map(|(size, range)| {
                let name = format!("size {size} of {}", self.exposure);
                Column::of(name, dose, move |d| f64::from(inside(d, range)))
            })
            .collect()
    }
}

fn inside(dose: f64, (above, up_to): (f64, Option<f64>)) -> bool {
    dose > above && up_to.is_none_or(|up_to| dose <= up_to)
}

/// To two significant digits.
fn rounded(dose: f64) -> f64 {
    format!("{dose:.1e}").parse().unwrap_or(dose)
}

/// The sizes of one exposure's dose in a model: what all outcomes share.
pub(crate) struct Sizes<'a> {
    exposure: &'a Exposure,
    /// The sizes' dummies, then the other programs.
    regressors: Vec<&'a str>,
    /// Effective clusters behind each dummy.
    effective: Vec<Option<f64>>,
    /// No dose, then the sizes, effects still missing.
    bins: Vec<DoseBin>,
}

impl<'a> Sizes<'a> {
    /// In `model`, the dummies `columns` take the place of the dose named `linear`; `dose` is in its own unit.
    pub(crate) fn new(
        exposure: &'a Exposure,
        linear: &str,
        (bins, columns): (&Bins, &'a [Column<'_>]),
        model: &Model<'a>,
        panel: &Panel,
        dose: &[f64],
    ) -> Self {
        let names = columns.iter().map(|size| size.name.as_str());
        let others = model.doses.iter().copied().filter(|d| *d != linear);
        let regressors: Vec<&str> = names.clone().chain(others).collect();
        let effective = names
            .map(|name| model.effective_clusters(name, &regressors))
            .collect();
        let rows = model.absorbed.rows();
        let bin = |above: f64, up_to: Option<f64>| {
            let keep = |d: f64| match up_to {
                Some(0.0) => d == 0.0,
                _ => inside(d, (above, up_to)),
            };
            let own = rows.iter().map(|row| dose[*row as usize]);
            let own: Vec<f64> = own.filter(|d| keep(*d)).collect();
            DoseBin {
                above,
                up_to,
                mean_dose: (!own.is_empty()).then(|| own.iter().sum::<f64>() / own.len() as f64),
                effect: None,
                students: Some(distinct(&panel.student, rows, dose, &keep)),
                teachers: Some(distinct(&panel.teacher, rows, dose, &keep)),
                schools: Some(distinct(&panel.school, rows, dose, &keep)),
                withheld: None,
            }
        };
        let some = bins.ranges().into_iter();
        Self {
            exposure,
            regressors,
            effective,
            bins: std::iter::once(bin(0.0, Some(0.0)))
                .chain(some.map(|(above, up_to)| bin(above, up_to)))
                .collect(),
        }
    }

    /// The curve of one outcome.
    pub(crate) fn curve(
        &self,
        model: &Model<'_>,
        ready: &ReadyOutcome<'_>,
        outcome: &Outcome,
    ) -> Result<DoseCurve, StatsError> {
        let fit = model.fit(&ready.y.name, &self.regressors, &ready.priors)?;
        let mut bins = self.bins.clone();
        let terms = self.regressors.iter().zip(&self.effective);
        for (bin, (term, effective)) in bins.iter_mut().skip(1).zip(terms) {
            bin.effect = effective.and_then(|effective| judged(&fit, term, Some(effective)));
        }
        Ok(DoseCurve {
            exposure: Named {
                id: self.exposure.id.clone(),
                label: self.exposure.label.clone(),
            },
            outcome: Named {
                id: outcome.id.clone(),
                label: outcome.label.clone(),
            },
            dose_unit: self.exposure.unit.clone(),
            bins,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_thirds_with_round_edges() {
        let dose: Vec<f64> = (0..=90).map(|i| f64::from(i) * 0.37).collect();
        let bins = Bins::choose("hours", &dose).expect("counted");
        assert_eq!(bins.cuts, [11.0, 23.0]);
        let columns = bins.columns(&dose);
        let total: f64 = columns.iter().flat_map(Column::values).sum();
        // Every positive dose has one size; zero has none.
        assert_eq!(total, 90.0);
    }

    #[test]
    fn a_yes_or_no_has_no_sizes() {
        assert_eq!(Bins::choose("badge", &[0.0, 1.0, 0.5, 1.0]), None);
        assert_eq!(Bins::choose("nobody", &[0.0, 0.0]), None);
        // Everyone takes the same twelve hours.
        assert_eq!(Bins::choose("course", &[0.0, 12.0, 12.0, 12.0]), None);
    }

    #[test]
    fn an_unknown_dose_is_in_no_size() {
        assert!(!inside(f64::NAN, (0.0, None)));
    }
}
