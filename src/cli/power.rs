//! `throughline power`: what the district's own panel could find, by planting effects of known size in it.

use std::path::PathBuf;

use clap::Args;
use throughline_evidence::{PowerOptions, PowerRow};

use super::printer::Printer;
use super::{Common, common};
use crate::errors;
use crate::exit::{Exit, Failure};

/// Plant effects of known size in the release's own panel and say how often they are found
#[derive(Args, Debug)]
pub(crate) struct Power {
    /// The pipeline file
    pipeline: PathBuf,
    /// Sizes to plant, in standard deviations per dose
    #[arg(long, value_name = "SD", value_delimiter = ',', default_values_t = PowerOptions::default().sizes)]
    sizes: Vec<f64>,
    /// How often participation is drawn anew
    #[arg(long, value_name = "N", default_value_t = PowerOptions::default().draws)]
    draws: usize,
    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = PowerOptions::default().seed)]
    seed: u64,
}

impl Power {
    pub(crate) fn execute(&self, common: &Common, printer: &Printer) -> Result<Exit, Failure> {
        if self.draws == 0 {
            return Err(Failure::usage("`--draws` must be at least 1"));
        }
        if !self
            .sizes
            .iter()
            .all(|size| size.is_finite() && *size > 0.0)
        {
            return Err(Failure::usage("`--sizes` must be above 0"));
        }
        let pipeline = common::load(&self.pipeline)?;
        let lake = common.lake(&pipeline)?;
        let release = common.release(&lake)?;
        let measured = lake
            .measure(&release, &pipeline, printer)
            .map_err(errors::lake)?;
        let options = PowerOptions {
            sizes: self.sizes.clone(),
            draws: self.draws,
            seed: self.seed,
        };
        let rows = throughline_evidence::power(&pipeline, &measured.panels, &options, printer)
            .map_err(errors::evidence)?;
        printer.end_stage();
        printer.line(format!(
            "release {}: participation drawn anew {} times within schools, effects planted on the new doses.\n\
             Share of draws in which the 95 % interval leaves out zero, by planted size in SD per dose (panel association, all \
             students; false discovery over many comparisons asks for more).",
            release.id, self.draws
        ));
        let mut last = String::new();
        for row in &rows {
            let heading = heading(row);
            if heading != last {
                printer.line(format!("\n{heading}"));
                printer.line(header(&self.sizes));
                last = heading;
            }
            printer.line(line(row));
        }
        if let Some(share) = overall(&rows) {
            printer.line(format!(
                "\nWhere nothing was planted, something was found in {:.1} % of all draws (5 % by design).",
                100.0 * share
            ));
        }
        printer.document(&serde_json::json!({
            "release": release.id, "draws": self.draws, "seed": self.seed, "rows": rows,
        }))?;
        Ok(Exit::Fine)
    }
}

/// `Coaching, per 10 hours (study main)`.
pub(super) fn heading(row: &PowerRow) -> String {
    format!(
        "{}, per {} {} (study {})",
        row.exposure.label, row.per, row.dose_unit, row.study
    )
}

/// Whoever has doses that change: `212 teachers`.
pub(super) fn people(row: &PowerRow) -> String {
    match row.changing {
        None => format!("a few {}s", row.cluster),
        Some(1) => format!("1 {}", row.cluster),
        Some(count) => format!("{count} {}s", row.cluster),
    }
}

/// How often something was found where nothing was planted, over all rows that have draws.
fn overall(rows: &[PowerRow]) -> Option<f64> {
    let shares: Vec<f64> = rows.iter().filter_map(|row| row.false_positives).collect();
    (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
}

fn header(sizes: &[f64]) -> String {
    let sizes: String = sizes.iter().map(|size| format!("{size:>7.2}")).collect();
    format!(
        "  {:<28}{:>10}{sizes}{:>14}",
        "outcome", "none", "4 in 5 at"
    )
}

fn line(row: &PowerRow) -> String {
    let label: String = row.outcome.label.chars().take(27).collect();
    let (Some(nothing), Some(detectable)) = (row.false_positives, row.detectable) else {
        return format!("  {label:<28}{:<14}cannot be estimated", people(row));
    };
    let shares: String = row
        .power
        .iter()
        .map(|found| format!("{:>6.0}%", 100.0 * found.share))
        .collect();
    format!(
        "  {label:<28}{:<14}{:>7.0}%{shares}{:>10.3} SD",
        people(row),
        100.0 * nothing,
        detectable
    )
}
