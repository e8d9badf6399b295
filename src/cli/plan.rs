//! `throughline plan`: what will be estimated, how many comparisons that is, and what could be found of each. It never looks at
//! how outcomes went with who took part: detectable effects come from participation drawn anew (see `power`).

use std::path::PathBuf;

use clap::Args;
use throughline_evidence::{PowerOptions, PowerRow, StudyPlan};
use throughline_lake::LakeError;
use throughline_model::pipeline::{Pipeline, Study};

use super::printer::Printer;
use super::{Common, common, power};
use crate::errors;
use crate::exit::{Exit, Failure};
use crate::run::plans;

/// Draws behind each detectable effect: its mean error is known to a few percent.
const DRAWS: usize = 20;

/// Say what will be estimated, how many comparisons that is, and what could be found
#[derive(Args, Debug)]
pub(crate) struct Plan {
    /// The pipeline file
    pipeline: PathBuf,
    /// Leave out detectable effects
    #[arg(long)]
    count_only: bool,
}

impl Plan {
    pub(crate) fn execute(&self, common: &Common, printer: &Printer) -> Result<Exit, Failure> {
        let pipeline = common::load(&self.pipeline)?;
        let plan = StudyPlan::of(&pipeline);
        let hash = plans::hash(&plan)?;
        let first = plans::first_seen(&pipeline, &hash)?;
        for study in &pipeline.studies {
            for line in about(&pipeline, study) {
                printer.line(line);
            }
        }
        let questions = plan.questions();
        printer.line(format!(
            "{questions} comparisons in all; about {:.0} of them would reach p < 0.05 by chance alone, so verdicts rest on q-values \
             over all of them that rest on enough people",
            0.05 * questions as f64
        ));
        printer.line(format!("study plan {hash}"));
        printer.line(match &first {
            Some((release, on)) => {
                format!("outcomes were first read under it on {on}, release {release}")
            }
            None => "no outcomes have been read under it".to_owned(),
        });
        let detectable = if self.count_only {
            None
        } else {
            detectable(&pipeline, common, printer)?
        };
        printer.end_stage();
        match &detectable {
            Some((release, rows)) => print(release, rows, printer),
            None if self.count_only => {}
            None => printer.line(
                "detectable effects need a release of the district's own data: `throughline ingest` makes one without \
                 estimating anything",
            ),
        }
        printer.document(&serde_json::json!({
            "hash": hash,
            "comparisons": questions,
            "plan": plan,
            "first_read": first,
            "release": detectable.as_ref().map(|(release, _)| release),
            "detectable": detectable.as_ref().map(|(_, rows)| rows),
        }))?;
        Ok(Exit::Fine)
    }
}

fn about(pipeline: &Pipeline, study: &Study) -> Vec<String> {
    let ids: Vec<&str> = study.designs.iter().map(|design| design.id()).collect();
    let groups: Vec<String> = study.subgroups.iter().map(|group| group.id()).collect();
    let (programs, outcomes) = (study.exposures.len(), study.outcomes.len());
    let mut lines = vec![
        format!("study {}: {}", study.id, study.label),
        format!("  designs       {}", ids.join(", ")),
        format!(
            "  comparisons   {programs} programs × {outcomes} outcomes × {} groups of students ({}) = {}",
            groups.len(),
            groups.join(", "),
            programs * outcomes * groups.len()
        ),
    ];
    if !study.negative_controls.is_empty() {
        let labels: Vec<&str> = study
            .negative_controls
            .iter()
            .map(|index| pipeline.outcomes[*index].label.as_str())
            .collect();
        lines.push(format!("  cannot move   {}", labels.join(", ")));
    }
    lines
}

type Detectable = (String, Vec<PowerRow>);

/// What could be found, from the release that is there; `None` where there is none.
fn detectable(
    pipeline: &Pipeline,
    common: &Common,
    printer: &Printer,
) -> Result<Option<Detectable>, Failure> {
    let lake = common.lake(pipeline)?;
    let release = match &common.as_of {
        Some(id) => lake.release(id),
        None => lake.current(),
    };
    let release = match release {
        Err(LakeError::NoRelease(_)) => return Ok(None),
        other => other.map_err(errors::lake)?,
    };
    let measured = lake
        .measure(&release, pipeline, printer)
        .map_err(errors::lake)?;
    let options = PowerOptions {
        sizes: Vec::new(),
        draws: DRAWS,
        ..PowerOptions::default()
    };
    let rows = throughline_evidence::power(pipeline, &measured.panels, &options, printer)
        .map_err(errors::evidence)?;
    Ok(Some((release.id, rows)))
}

fn print(release: &str, rows: &[PowerRow], printer: &Printer) {
    printer.line(format!(
        "\nSmallest difference found four times in five, in SD per dose: panel association, all students, release {release}\n\
         (participation drawn anew within schools: how outcomes went with who took part is not looked at)"
    ));
    let mut last = String::new();
    for row in rows {
        let heading = power::heading(row);
        if heading != last {
            printer.line(format!("\n{heading}"));
            last = heading;
        }
        let label: String = row.outcome.label.chars().take(31).collect();
        printer.line(match row.detectable {
            Some(sd) => {
                let enough = if sd <= row.smallest_difference {
                    "enough"
                } else {
                    "more is needed"
                };
                format!(
                    "  {label:<32}{sd:>8.3}   what matters: {:.3}, {enough}; doses change for {}",
                    row.smallest_difference,
                    power::people(row)
                )
            }
            None => format!("  {label:<32}  cannot be estimated"),
        });
    }
}
