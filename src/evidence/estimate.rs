//! The whole run: make panels ready, plan, answer every job in parallel, then judge all answers together, because how
//! surprising one difference is depends on how many were looked at.

use std::borrow::Cow;

use rayon::prelude::*;
use throughline_model::Panel;
use throughline_model::pipeline::{Pipeline, Subgroup};
use throughline_model::progress::Progress;
use throughline_stats::multiplicity::holm;

use crate::answer::{Answer, Answered, answer, placebo};
use crate::checks::{Control, Tried, negative_control};
use crate::cost;
use crate::coverage::coverage;
use crate::designs::settle;
use crate::discovery;
use crate::error::EvidenceError;
use crate::finding::{DoseCurve, Estimate, Finding, Findings, Interval, Named, Planned};
use crate::frame::Frame;
use crate::grade::{Graded, grade};
use crate::kept::{Contents, Forgetful, Keep, decode, encode, names};
use crate::plan::{Job, plan};
use crate::size::size;
use crate::subgroups::draw_together;
use crate::verdict::{Facts, minimum_detectable, verdict};
use crate::words::{Floors, telling};

/// With more rows than this, jobs follow each other, each on all cores: two at once would hold twice the columns.
const LARGE: usize = 200_000;

/// Runs every study of the pipeline on the panels of one release.
///
/// Results depend on the panels alone: not on the number of threads, and not on the order of rows beyond the last bits
/// of a float. A question that cannot be answered is a finding that says why.
///
/// # Errors
/// A panel that does not fit the pipeline: an outcome or exposure that is not there, a column of the wrong length.
pub fn estimate(
    pipeline: &Pipeline,
    panels: &[Panel],
    progress: &dyn Progress,
) -> Result<Findings, EvidenceError> {
    estimate_again(pipeline, panels, &Forgetful, progress)
}

/// As [`estimate`]; what earlier runs of the same program answered from the same numbers is taken from `kept`. The result is
/// the same, to the last bit.
///
/// # Errors
/// As [`estimate`].
pub fn estimate_again(
    pipeline: &Pipeline,
    panels: &[Panel],
    kept: &dyn Keep,
    progress: &dyn Progress,
) -> Result<Findings, EvidenceError> {
    let begun: Vec<Cow<'_, Panel>> = panels.iter().map(begun).collect();
    let contents: Vec<Contents> = begun.iter().map(|panel| Contents::of(panel)).collect();
    let frames = begun
        .iter()
        .map(|panel| Frame::new(pipeline, panel))
        .collect::<Result<Vec<_>, _>>()?;
    let jobs = plan(pipeline, &frames)?;
    progress.stage("estimate", Some(jobs.len() as u64));
    let one = |job: &Job<'_>| {
        let answered = again(pipeline, &frames, job, &contents[job.frame], kept);
        progress.advance(1);
        answered
    };
    let answered: Vec<_> = match panels.iter().any(|panel| panel.len() > LARGE) {
        true => jobs.iter().map(one).collect(),
        false => jobs.par_iter().map(one).collect(),
    };
    let (mut answers, mut curves) = (Vec::new(), Vec::new());
    for one in answered {
        answers.extend(one.answers);
        curves.extend(one.curves);
    }
    answers.sort_by_key(|a: &Answer| place(pipeline, a));
    answers.iter_mut().for_each(|a| settle(pipeline, a));
    control(pipeline, &mut answers);
    draw_together(&mut answers, |a| {
        pipeline.studies[a.study].subgroups[a.subgroup] == Subgroup::All
    });
    Ok(Findings {
        findings: judge(pipeline, panels, answers),
        withheld: Vec::new(),
        doses: in_order(curves),
        coverage: coverage(pipeline, panels),
        actions: Vec::new(),
    })
}

/// The answer to a job: an earlier run's, as far as it still holds.
fn again(
    pipeline: &Pipeline,
    frames: &[Frame<'_>],
    job: &Job<'_>,
    contents: &Contents,
    kept: &dyn Keep,
) -> Answered {
    let recall = |name: &str| {
        kept.recall(name)
            .and_then(|bytes| decode::<Answered>(&bytes))
    };
    let keep = |name: &str, answered: &Answered| {
        if let Some(bytes) = encode(answered) {
            kept.keep(name, &bytes);
        }
    };
    let [before, whole] = names(pipeline, job, contents);
    let known = recall(&before);
    if known.is_some()
        && let Some(answered) = recall(&whole)
    {
        return answered;
    }
    let mut answered = known.unwrap_or_else(|| {
        let answered = answer(pipeline, frames, job);
        keep(&before, &answered);
        answered
    });
    placebo(pipeline, frames, job, &mut answered);
    keep(&whole, &answered);
    answered
}

/// The panel without the school years at its end in which nobody has any of its outcomes yet: they can say nothing, and
/// what happens in them every day must not set questions about earlier years in motion.
fn begun(panel: &Panel) -> Cow<'_, Panel> {
    let known = |row: &usize| {
        panel
            .outcomes
            .iter()
            .any(|o| o.values.get(*row).is_some_and(|v| !v.is_nan()))
    };
    let years = &panel.school_year;
    let last = (0..panel.len()).filter(known).map(|row| years[row]).max();
    match (last, years.iter().copied().max()) {
        (Some(last), Some(end)) if last < end => Cow::Owned(panel.up_to(last)),
        _ => Cow::Borrowed(panel),
    }
}

/// Where an answer stands: study, exposure, outcome, subgroup in the order of the pipeline file.
fn place(pipeline: &Pipeline, answer: &Answer) -> [usize; 4] {
    let study = &pipeline.studies[answer.study];
    let at = |list: &[usize], wanted| list.iter().position(|i| *i == wanted).unwrap_or(list.len());
    [
        answer.study,
        at(&study.exposures, answer.exposure),
        at(&study.outcomes, answer.outcome),
        answer.subgroup,
    ]
}

/// Tries answers by the study's negative controls, which are then findings only where the study also asks for them.
fn control(pipeline: &Pipeline, answers: &mut Vec<Answer>) {
    let tried: Vec<Option<Tried>> = answers
        .iter()
        .map(|answer| {
            let study = &pipeline.studies[answer.study];
            let named = &study.negative_controls;
            if named.contains(&answer.outcome) || answer.adjusted.is_none() {
                return None;
            }
            let found: Vec<Control<'_>> = named
                .iter()
                .filter_map(|outcome| controlled(pipeline, answers, answer, *outcome))
                .collect();
            Some(negative_control(named.len(), &found))
        })
        .collect();
    for (answer, tried) in answers.iter_mut().zip(tried) {
        answer.tried.extend(tried);
    }
    answers.retain(|a| pipeline.studies[a.study].outcomes.contains(&a.outcome));
}

/// What the answer's program, among the same students, went with in a control outcome.
fn controlled<'p>(
    pipeline: &'p Pipeline,
    answers: &[Answer],
    answer: &Answer,
    outcome: usize,
) -> Option<Control<'p>> {
    let family: Vec<&Answer> = answers
        .iter()
        .filter(|a| a.study == answer.study && a.subgroup == answer.subgroup)
        .filter(|a| a.outcome == outcome)
        .collect();
    let p: Vec<f64> = family
        .iter()
        .map(|a| a.adjusted.map_or(f64::NAN, |e| e.p))
        .collect();
    let own = family.iter().position(|a| a.exposure == answer.exposure)?;
    let named = &pipeline.outcomes[outcome];
    Some(Control {
        label: &named.label,
        estimate: family[own].adjusted?,
        p: holm(&p)[own],
        smallest: named.smallest_difference,
    })
}

/// Curves by exposure and outcome; where two studies drew the same, the first study's.
fn in_order(mut curves: Vec<(usize, usize, DoseCurve)>) -> Vec<DoseCurve> {
    curves.sort_by_key(|(exposure, outcome, _)| (*exposure, *outcome));
    curves.dedup_by_key(|(exposure, outcome, _)| (*exposure, *outcome));
    curves.into_iter().map(|(_, _, curve)| curve).collect()
}

fn judge(pipeline: &Pipeline, panels: &[Panel], answers: Vec<Answer>) -> Vec<Finding> {
    let q = discovery::adjusted(pipeline, &answers);
    answers
        .into_iter()
        .zip(q)
        .map(|(answer, [run, domain])| finding(pipeline, panels, answer, run, domain))
        .collect()
}

fn finding(
    pipeline: &Pipeline,
    panels: &[Panel],
    answer: Answer,
    run: f64,
    domain: f64,
) -> Finding {
    let study = &pipeline.studies[answer.study];
    let exposure = &pipeline.exposures[answer.exposure];
    let outcome = &pipeline.outcomes[answer.outcome];
    let subgroup = study.subgroups[answer.subgroup].clone();
    let known = |q: f64| (!q.is_nan()).then_some(q);
    let facts = Facts {
        outcome,
        adjusted: answer.adjusted.as_ref(),
        failure: answer.failure.as_deref(),
        q: known(run.max(domain)).unwrap_or(1.0),
        tried: &answer.tried,
        changing: answer.changing,
        whose: telling(answer.design),
        cluster: answer.cluster,
        floors: Floors::of(&pipeline.privacy),
    };
    let (verdict, verdict_reason) = verdict(&facts);
    let design = answer.design;
    let found = answer.adjusted.as_ref().map(minimum_detectable);
    let grade = grade(&Graded {
        verdict,
        design,
        designs: &answer.designs,
        estimated: answer.adjusted.is_some(),
        has_prior: answer.has_prior,
        tried: &answer.tried,
        n: &answer.n,
        cluster: answer.cluster,
        times: found.map(|found| (found / outcome.smallest_difference).powi(2)),
    });
    let adjusted_raw = answer.adjusted.map(|e| scaled(e, answer.sd));
    let clusters = match answer.cluster {
        "school" => answer.n.schools,
        _ => answer.n.teachers,
    };
    let size = match (&answer.adjusted, &adjusted_raw) {
        (Some(sd), Some(raw)) => Some(size(outcome, sd, raw, &answer.n, clusters)),
        _ => None,
    };
    let better = |e: &Estimate| Interval::better(e, outcome.higher_is_better);
    let cost = cost::per_student(pipeline, exposure, &panels[answer.frame]).map(|dollars| {
        cost::cost(
            dollars,
            answer.adjusted.as_ref().map(better),
            size.and_then(|s| s.amount),
        )
    });
    Finding {
        id: [&study.id, &exposure.id, &outcome.id, &subgroup.id()]
            .map(String::as_str)
            .join("."),
        study: named(&study.id, &study.label),
        exposure: named(&exposure.id, &exposure.label),
        outcome: named(&outcome.id, &outcome.label),
        domain: outcome.domain.clone(),
        subgroup,
        design,
        designs: answer.designs,
        window: exposure.window,
        per: exposure.per,
        dose_unit: exposure.unit.clone(),
        outcome_unit: outcome.unit.clone(),
        higher_is_better: outcome.higher_is_better,
        smallest_difference: outcome.smallest_difference,
        naive: answer.naive,
        adjusted: answer.adjusted,
        adjusted_raw,
        alone: answer.alone,
        shrunk: answer.shrunk,
        gap: answer.gap,
        q_value: known(run),
        q_in_domain: known(domain),
        verdict,
        verdict_reason,
        grade,
        n: answer.n,
        checks: answer.tried.into_iter().map(|tried| tried.check).collect(),
        minimum_detectable: found,
        size,
        cost,
        planned: Planned::Before,
        estimator: answer.estimator,
    }
}

fn named(id: &str, label: &str) -> Named {
    Named {
        id: id.to_owned(),
        label: label.to_owned(),
    }
}

fn scaled(estimate: Estimate, by: f64) -> Estimate {
    Estimate {
        estimate: estimate.estimate * by,
        se: estimate.se * by,
        lower: estimate.lower * by,
        upper: estimate.upper * by,
        ..estimate
    }
}
