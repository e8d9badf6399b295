//! Asks every group-comparison design that a study allows about the answers of one sample.

use rayon::prelude::*;
use throughline_model::pipeline::{Design, Pipeline};

use super::lottery::lottery;
use super::matched::Matching;
use super::staggered::Staggered;
use crate::answer::Answer;
use crate::frame::Frame;
use crate::plan::Job;
use crate::sample::Sample;

/// Adds to each answer that rests on a sample what the other designs tell.
pub(crate) fn tell(
    pipeline: &Pipeline,
    frame: &Frame<'_>,
    job: &Job<'_>,
    sample: &Sample,
    answers: &mut [Answer],
) {
    if job.asks.designs.contains(&Design::Randomised) {
        for answer in answers
            .iter_mut()
            .filter(|answer| sample.outcomes.contains(&answer.outcome))
        {
            let asked = (answer.exposure, answer.outcome);
            answer.told.push(lottery(pipeline, frame, job, asked));
        }
    }
    if job.asks.designs.contains(&Design::StaggeredAdoption) {
        let staggered = Staggered::new(pipeline, frame, job, sample);
        answers
            .par_iter_mut()
            .filter(|answer| sample.outcomes.contains(&answer.outcome))
            .for_each(|answer| {
                let told = staggered.tell(answer.exposure, answer.outcome);
                answer.told.push(told);
            });
    }
    if job.asks.designs.contains(&Design::MatchedComparison) {
        let matching = Matching::new(pipeline, frame, job, sample);
        answers
            .par_iter_mut()
            .filter(|answer| sample.outcomes.contains(&answer.outcome))
            .for_each(|answer| {
                let told = matching.tell(answer.exposure, answer.outcome);
                answer.told.push(told);
            });
    }
}
