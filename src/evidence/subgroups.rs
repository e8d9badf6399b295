//! Many subgroups, told with how much of each is likely to be noise: the most different of ten groups is mostly luck. Within one
//! exposure and outcome the subgroups' estimates are drawn towards their precision-weighted mean (empirical Bayes, Paule
//! and Mandel's variance), each by as much as it is noise. Everyone is not among them: it is their mean.
//!
//! Subgroups overlap (a student can be in several) and are taken as independent: the spread between them is then understated
//! and the shrinkage a little strong, which errs towards saying less.

use throughline_stats::empirical_bayes::{Heterogeneity, shrink};

use crate::answer::Answer;
use crate::association::with_df;

/// Fewer estimates than this have no spread to speak of.
const LEAST: usize = 3;

/// Fills in [`Answer::shrunk`]; `answers` in the order of findings.
pub(crate) fn draw_together(answers: &mut [Answer], everyone: impl Fn(&Answer) -> bool) {
    for family in answers.chunk_by_mut(|a, b| family(a) == family(b)) {
        let known: Vec<usize> = (0..family.len())
            .filter(|i| !everyone(&family[*i]))
            .filter(|i| family[*i].adjusted.is_some_and(|e| e.se > 0.0))
            .collect();
        if known.len() < LEAST {
            continue;
        }
        let of = |i: &usize| family[*i].adjusted.map(|e| (e.estimate, e.se));
        let (estimates, errors): (Vec<f64>, Vec<f64>) = known.iter().filter_map(of).unzip();
        let Ok(found) = shrink(&estimates, &errors, Heterogeneity::PauleMandel, 0.95) else {
            continue;
        };
        for (i, shrunk) in known.into_iter().zip(&found.effects) {
            let answer = &mut family[i];
            let df = answer.adjusted.map_or(f64::INFINITY, |e| e.df);
            answer.shrunk = Some(with_df(shrunk.shrunk.estimate, shrunk.shrunk.se, df));
        }
    }
}

fn family(answer: &Answer) -> [usize; 3] {
    [answer.study, answer.exposure, answer.outcome]
}
