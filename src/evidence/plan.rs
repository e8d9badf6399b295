//! Which study asks what of which panel, about which students. One job is one study × panel × subgroup: its outcomes
//! and exposures share rows and effects, so they are estimated together.

use throughline_model::pipeline::{Pipeline, Study, Subgroup};

use crate::error::EvidenceError;
use crate::frame::Frame;

/// Questions that share their rows.
pub(crate) struct Job<'a> {
    /// Index into [`Pipeline::studies`].
    pub(crate) study: usize,
    pub(crate) asks: &'a Study,
    /// Index into the frames.
    pub(crate) frame: usize,
    /// Index into [`Study::subgroups`].
    pub(crate) subgroup: usize,
    /// Indices into [`Pipeline::outcomes`]: the study's, then its negative controls.
    pub(crate) outcomes: Vec<usize>,
}

impl Job<'_> {
    /// The students it is about.
    pub(crate) fn students(&self) -> &Subgroup {
        &self.asks.subgroups[self.subgroup]
    }
}

/// Lists all jobs, in the order of the pipeline.
pub(crate) fn plan<'a>(
    pipeline: &'a Pipeline,
    frames: &[Frame<'_>],
) -> Result<Vec<Job<'a>>, EvidenceError> {
    let mut jobs = Vec::new();
    for (study, asks) in pipeline.studies.iter().enumerate() {
        for &outcome in asks.outcomes.iter().chain(&asks.negative_controls) {
            serve(pipeline, asks, outcome, frames)?;
        }
        for (frame, ready) in frames.iter().enumerate() {
            let controls = asks.negative_controls.iter();
            let controls = controls.filter(|control| !asks.outcomes.contains(control));
            let outcomes: Vec<usize> = asks
                .outcomes
                .iter()
                .chain(controls)
                .copied()
                .filter(|outcome| ready.outcome(*outcome).is_some())
                .collect();
            if outcomes.is_empty() {
                continue;
            }
            for subgroup in 0..asks.subgroups.len() {
                jobs.push(Job {
                    study,
                    asks,
                    frame,
                    subgroup,
                    outcomes: outcomes.clone(),
                });
            }
        }
    }
    Ok(jobs)
}

/// Checks that a panel measures the outcome, and every exposure of the study beside it.
fn serve(
    pipeline: &Pipeline,
    study: &Study,
    outcome: usize,
    frames: &[Frame<'_>],
) -> Result<(), EvidenceError> {
    let id = &pipeline.outcomes[outcome].id;
    let Some(frame) = frames.iter().find(|f| f.outcome(outcome).is_some()) else {
        return Err(EvidenceError::MissingOutcome {
            study: study.id.clone(),
            outcome: id.clone(),
        });
    };
    let missing = study
        .exposures
        .iter()
        .find(|exposure| frame.exposure(**exposure).is_none());
    match missing {
        None => Ok(()),
        Some(exposure) => Err(EvidenceError::MissingExposure {
            outcome: id.clone(),
            exposure: pipeline.exposures[*exposure].id.clone(),
        }),
    }
}
