//! What one design tells, before the run is judged.

use throughline_model::pipeline::Design;

use crate::answer::Answer;
use crate::checks::Tried;
use crate::finding::{Counts, DesignResult, Detail};

/// What a design tells, with the weights of what was tried against it.
pub(crate) struct Told {
    /// Its checks are filled in by [`settle`].
    pub(crate) result: DesignResult,
    pub(crate) tried: Vec<Tried>,
}

impl Told {
    /// A design that gives no estimate, and why.
    pub(crate) fn not_run(design: Design, contrast: &str, why: impl Into<String>) -> Self {
        Self {
            result: DesignResult {
                design,
                contrast: contrast.to_owned(),
                estimate: None,
                not_run: Some(why.into()),
                n: Counts::default(),
                checks: Vec::new(),
                estimator: String::new(),
                detail: Detail::None,
            },
            tried: Vec::new(),
        }
    }
}

/// Moves what the designs told into the answer, strongest design first.
pub(crate) fn settle(answer: &mut Answer) {
    let told = std::mem::take(&mut answer.told);
    answer.designs.extend(told.into_iter().map(|told| {
        let mut result = told.result;
        result.checks = told.tried.into_iter().map(|tried| tried.check).collect();
        result
    }));
    answer.designs.sort_by_key(|result| result.design);
}
