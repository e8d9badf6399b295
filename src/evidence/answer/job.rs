//! A job's samples, and in each the comparisons that its exposures ask for.

use throughline_model::pipeline::Pipeline;

use super::question::Question;
use super::reply::Answered;
use crate::association::Comparison;
use crate::designs;
use crate::frame::{Frame, ReadyOutcome};
use crate::plan::Job;
use crate::sample::samples;

/// Answers a job, but for what later doses say.
pub(crate) fn answer(pipeline: &Pipeline, frames: &[Frame<'_>], job: &Job<'_>) -> Answered {
    let frame = &frames[job.frame];
    let mut answered = Answered::default();
    let samples = samples(frame, job.asks, job.students(), &job.outcomes);
    for comparison in [Comparison::WithinTeacher, Comparison::WithinSchool] {
        let mut leaving = None;
        for sample in &samples {
            let (varying, constant): (Vec<&ReadyOutcome<'_>>, Vec<&ReadyOutcome<'_>>) = sample
                .outcomes
                .iter()
                .filter_map(|index| frame.outcome(*index))
                .partition(|outcome| outcome.sd > 0.0);
            let mut question = Question::new(pipeline, frame, job, sample, comparison);
            if question.asked.is_empty() {
                continue;
            }
            question.outcomes = &constant;
            question.refuse("the outcome is the same for everyone", &mut answered);
            question.outcomes = &varying;
            let leaving = leaving.get_or_insert_with(|| question.leaving());
            question.answer(leaving, &mut answered);
        }
    }
    for sample in &samples {
        designs::tell(pipeline, frame, job, sample, &mut answered.answers);
    }
    answered
}

/// Adds what later doses say to a job's answers.
pub(crate) fn placebo(
    pipeline: &Pipeline,
    frames: &[Frame<'_>],
    job: &Job<'_>,
    answered: &mut Answered,
) {
    let frame = &frames[job.frame];
    let samples = samples(frame, job.asks, job.students(), &job.outcomes);
    for comparison in [Comparison::WithinTeacher, Comparison::WithinSchool] {
        for sample in &samples {
            let varying: Vec<&ReadyOutcome<'_>> = sample
                .outcomes
                .iter()
                .filter_map(|index| frame.outcome(*index))
                .filter(|outcome| outcome.sd > 0.0)
                .collect();
            let mut question = Question::new(pipeline, frame, job, sample, comparison);
            question.outcomes = &varying;
            question.placebo(&mut answered.answers);
        }
    }
}
