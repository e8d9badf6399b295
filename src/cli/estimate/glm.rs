//! What the count and yes/no estimators share: one model for each outcome and stepwise alternative.

use throughline_stats::formula::Complete;
use throughline_stats::glm::{Family, GlmOptions, glm, negative_binomial};
use throughline_stats::{Column, FitOptions};

use super::super::printer::Printer;
use super::fit::{Shown, show};
use super::prepare::{Prepared, Refused, stats_error};
use super::regression::{Judged, Source};
use super::table::number;
use crate::exit::Failure;

/// Which model.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Poisson,
    Logit,
    NegativeBinomial,
}

pub(super) fn execute(
    source: &Source,
    judged: &Judged,
    kind: Kind,
    offset: Option<&str>,
    printer: &Printer,
) -> Result<(), Failure> {
    let options = judged.options()?;
    let mut prepared = Prepared::with_extra(source, &judged.cluster, offset)?;
    let offset = prepared.extra.take();
    prepared.refuse(&Refused {
        instruments: true,
        random: true,
        no_outcome: true,
        ..Refused::default()
    })?;
    let mut fits = Vec::new();
    for &outcome in &prepared.model.outcomes {
        for regressors in &prepared.model.specifications {
            let used: Vec<usize> = std::iter::once(outcome)
                .chain(regressors.iter().copied())
                .collect();
            let mut complete = prepared.complete(&used);
            if let Some(offset) = &offset {
                for (keep, v) in complete.rows.iter_mut().zip(offset) {
                    complete.missing += usize::from(*keep && !v.is_finite());
                    *keep &= v.is_finite();
                }
            }
            let columns: Vec<Column<'_>> = regressors.iter().map(|&c| prepared.column(c)).collect();
            fits.push(one(
                &prepared,
                &complete,
                judged,
                kind,
                offset.as_deref(),
                outcome,
                &columns,
                &options,
            )?);
        }
    }
    show(&fits, printer)
}

#[expect(
    clippy::too_many_arguments,
    reason = "each is one thing the estimate needs, and there is one caller"
)]
fn one(
    prepared: &Prepared,
    complete: &Complete,
    judged: &Judged,
    kind: Kind,
    offset: Option<&[f64]>,
    outcome: usize,
    columns: &[Column<'_>],
    options: &FitOptions,
) -> Result<Shown, Failure> {
    let design = prepared.design(&complete.rows, judged.keep_singletons);
    let y = prepared.column(outcome);
    let shown = |fit| Shown::new(fit, prepared.filtered, complete.missing, complete.infinite);
    let family = match kind {
        Kind::NegativeBinomial => {
            let found =
                negative_binomial(&design, &y, columns, options).map_err(|e| stats_error(&e))?;
            let mut shown = shown(found.fit);
            shown.tests.insert("theta".to_owned(), found.theta.into());
            shown
                .tests
                .insert("theta_se".to_owned(), found.theta_se.into());
            shown.lines.push(format!(
                "Theta: {} (se {})",
                number(found.theta),
                number(found.theta_se)
            ));
            return Ok(shown);
        }
        Kind::Poisson => Family::Poisson,
        Kind::Logit => Family::Logit,
    };
    let model = GlmOptions {
        offset,
        ..GlmOptions::new(family)
    };
    let fit = glm(&design, &y, columns, &model, options).map_err(|e| stats_error(&e))?;
    Ok(shown(fit))
}
