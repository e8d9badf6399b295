//! The other answers to staggered adoption: interaction-weighted, imputed, and what the two-way estimate is made of.

use serde_json::{Value, json};
use throughline_stats::did::{
    BaconKind, ImputationErrors, ImputationOptions, PanelSample, StaggeredPanel, bacon, imputation,
    sun_abraham,
};
use throughline_stats::interval::Estimate;

use super::super::printer::Printer;
use super::did::{estimate_json, header, print_row};
use super::document::{Document, Head};
use super::panel::Panel;
use super::prepare::stats_error;
use super::table::{TextTable, count, number};
use crate::exit::Failure;

/// Which parts are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    /// Each cohort and period.
    Cells,
    /// Only the overall effect.
    Overall,
    /// By cohort.
    Cohorts,
    /// By periods since the start.
    Events,
}

/// What the estimators have in common.
struct Told<'a> {
    estimator: &'static str,
    outcome: &'a str,
    sample: &'a PanelSample,
    convention: &'static str,
    overall: &'a Estimate,
    parts: Vec<(String, Estimate)>,
}

pub(super) fn interaction_weighted(
    staggered: &StaggeredPanel<'_>,
    panel: &Panel,
    outcome: &str,
    parts: Parts,
    printer: &Printer,
) -> Result<(), Failure> {
    let fit = sun_abraham(staggered).map_err(|e| stats_error(&e))?;
    let parts = match parts {
        Parts::Overall => Vec::new(),
        Parts::Events => named("e", &fit.event),
        Parts::Cohorts => named("g", &fit.cohort),
        Parts::Cells => fit
            .coefficients
            .iter()
            .map(|c| (format!("ATT({},{})", c.group, c.time), c.effect))
            .collect(),
    };
    let told = Told {
        estimator: "Sun-Abraham",
        outcome,
        sample: &fit.sample,
        convention: fit.convention,
        overall: &fit.att,
        parts,
    };
    told.show(panel, printer)
}

pub(super) fn imputed(
    staggered: &StaggeredPanel<'_>,
    panel: &Panel,
    outcome: &str,
    (anticipation, errors): (u32, ImputationErrors),
    parts: Parts,
    printer: &Printer,
) -> Result<(), Failure> {
    let options = ImputationOptions {
        anticipation,
        errors,
    };
    let fit = imputation(staggered, &options).map_err(|e| stats_error(&e))?;
    let parts = match parts {
        Parts::Overall => Vec::new(),
        Parts::Events => named("e", &fit.event),
        Parts::Cohorts | Parts::Cells => {
            return Err(Failure::usage(
                "imputation by cohort is not supported; use `--aggregate simple` or `event`",
            ));
        }
    };
    if fit.dropped > 0 {
        printer.note(format!(
            "note: {} treated observations are in periods when nobody is untreated, and were left out",
            count(fit.dropped)
        ));
    }
    let told = Told {
        estimator: match errors {
            ImputationErrors::Conservative => "imputation (Borusyak-Jaravel-Spiess)",
            ImputationErrors::TwoStage => "two-stage (Gardner)",
        },
        outcome,
        sample: &fit.sample,
        convention: fit.convention,
        overall: &fit.att,
        parts,
    };
    told.show(panel, printer)
}

fn named(letter: &str, effects: &[(i32, Estimate)]) -> Vec<(String, Estimate)> {
    effects
        .iter()
        .map(|(at, e)| (format!("{letter}={at}"), *e))
        .collect()
}

impl Told<'_> {
    fn show(&self, panel: &Panel, printer: &Printer) -> Result<(), Failure> {
        let sample = self.sample;
        printer.line(format!("{}, Dep. Var.: {}", self.estimator, self.outcome));
        printer.line(format!(
            "Observations: {}   Units: {} ({} never start)   Cohorts: {}",
            count(sample.rows),
            count(sample.units),
            count(sample.never_treated),
            sample.cohorts.len()
        ));
        printer.line(format!("Standard-errors: {}", self.convention));
        let mut table = header();
        print_row(&mut table, "overall", self.overall, None);
        for (term, effect) in &self.parts {
            print_row(&mut table, term, effect, None);
        }
        printer.line(table.to_string());
        let parts = self.parts.iter();
        let document = Document::new(Head {
            estimator: self.estimator,
            outcome: self.outcome,
            n: Some(sample.rows),
            dropped: panel.dropped(sample),
            clusters: vec![(&panel.cluster_name, sample.clusters)],
            vcov: self.convention,
        })
        .with("units", sample.units)
        .with("never_treated", sample.never_treated)
        .with("cohorts", &sample.cohorts)
        .with("periods", &sample.periods)
        .with("overall", estimate_json("overall", self.overall))
        .with(
            "coefficients",
            parts
                .map(|(t, e)| estimate_json(t, e))
                .collect::<Vec<Value>>(),
        );
        printer.document(&document)
    }
}

/// What the two-way estimate is made of.
pub(super) fn decomposed(
    staggered: &StaggeredPanel<'_>,
    panel: &Panel,
    outcome: &str,
    printer: &Printer,
) -> Result<(), Failure> {
    let found = bacon(staggered).map_err(|e| stats_error(&e))?;
    let kind = |k: BaconKind| match k {
        BaconKind::TreatedVsNever => "never",
        BaconKind::EarlierVsLater => "earlier",
        BaconKind::LaterVsEarlier => "later",
    };
    printer.line(format!(
        "Two-way fixed-effects estimate of {outcome}: {} ({} % of its weight compares with units already treated)",
        number(found.two_way),
        number(100.0 * found.forbidden)
    ));
    let mut table = TextTable::new(&["Treated", "Control", "Estimate", "Weight"]);
    for c in &found.comparisons {
        let control = match (c.control, c.kind) {
            (None, _) => "never".to_owned(),
            (Some(g), BaconKind::LaterVsEarlier) => format!("{g}, already treated"),
            (Some(g), _) => g.to_string(),
        };
        table.row([
            c.treated.to_string(),
            control,
            number(c.estimate),
            number(c.weight),
        ]);
    }
    printer.line(table.to_string());
    let sample = &found.sample;
    let comparisons = found.comparisons.iter().map(|c| {
        json!({
            "kind": kind(c.kind),
            "treated": c.treated,
            "control": c.control,
            "estimate": c.estimate,
            "weight": c.weight,
        })
    });
    let document = Document::new(Head {
        estimator: "Goodman-Bacon decomposition",
        outcome,
        n: Some(sample.rows),
        dropped: panel.dropped(sample),
        clusters: Vec::new(),
        vcov: "none: a decomposition, not an estimate of its own",
    })
    .with("units", sample.units)
    .with("never_treated", sample.never_treated)
    .with("cohorts", &sample.cohorts)
    .with("periods", &sample.periods)
    .with(
        "overall",
        json!({ "term": "two-way", "estimate": found.two_way }),
    )
    .with("forbidden", found.forbidden)
    .with("comparisons", comparisons.collect::<Vec<Value>>());
    printer.document(&document)
}
