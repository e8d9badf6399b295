//! Stop, fix, grow: what a director could do next about a program, at most two things, each tied to the finding it follows from.
//!
//! Chosen from findings that may be published, about all students, by the table of [`Kind`] from top to bottom, so that a warning
//! comes before a success and neither hides the other. What follows is for people to decide: no sentence here says more
//! than its finding does.

use serde::{Deserialize, Serialize};
use throughline_model::pipeline::{Design, Subgroup};

use crate::finding::{CheckOutcome, Finding, Named, Verdict};
use crate::words::number;

/// At most so many a program.
const MOST: usize = 2;

/// What could be done next about one program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramActions {
    /// The training or tool.
    pub exposure: Named,
    /// At most two.
    pub actions: Vec<Action>,
}

/// One thing that could be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Of which kind.
    pub kind: Kind,
    /// Id of the finding it follows from.
    pub finding: String,
    /// What, in one sentence.
    pub text: String,
}

/// Kinds of next actions, in the order in which they are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// Went with worse outcomes: stop it, or redesign it.
    Stop,
    /// Helped: offer it to more.
    Grow,
    /// Not credible: change how it is given or compared, so that an answer is possible.
    Fix,
    /// No meaningful difference anywhere it was looked for: stop paying for it on this account.
    StopPaying,
    /// Promising: confirm it before more is spent.
    Confirm,
    /// Cannot tell yet: collect what would tell.
    Collect,
}

impl Kind {
    /// The word that is printed.
    pub fn words(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Grow => "grow",
            Self::Fix => "fix",
            Self::StopPaying => "stop paying",
            Self::Confirm => "confirm",
            Self::Collect => "collect",
        }
    }

    fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::WorseOutcomes => Self::Stop,
            Verdict::Helped => Self::Grow,
            Verdict::NotCredible => Self::Fix,
            Verdict::NoMeaningfulDifference => Self::StopPaying,
            Verdict::Promising => Self::Confirm,
            Verdict::CannotTellYet => Self::Collect,
        }
    }
}

/// The next actions of every program that something may be said about, in the order of the findings.
pub fn actions(findings: &[Finding]) -> Vec<ProgramActions> {
    let mut programs: Vec<&Named> = Vec::new();
    for finding in findings {
        if !programs.contains(&&finding.exposure) {
            programs.push(&finding.exposure);
        }
    }
    programs
        .into_iter()
        .map(|exposure| {
            let about = |finding: &&Finding| {
                finding.exposure.id == exposure.id && finding.subgroup == Subgroup::All
            };
            ProgramActions {
                exposure: exposure.clone(),
                actions: chosen(findings.iter().filter(about).collect()),
            }
        })
        .filter(|program| !program.actions.is_empty())
        .collect()
}

/// The first kinds that occur; of each, the finding with the most evidence, and where that is equal the clearest.
fn chosen(findings: Vec<&Finding>) -> Vec<Action> {
    let mut ranked = findings;
    ranked.sort_by(|a, b| {
        Kind::of(a.verdict)
            .cmp(&Kind::of(b.verdict))
            .then(b.grade.marks.cmp(&a.grade.marks))
            .then(clarity(b).total_cmp(&clarity(a)))
            .then(a.id.cmp(&b.id))
    });
    let good = |finding: &&Finding| matches!(finding.verdict, Verdict::Helped | Verdict::Promising);
    let any_good = ranked.iter().any(good);
    let mut actions: Vec<Action> = Vec::new();
    for finding in &ranked {
        let kind = Kind::of(finding.verdict);
        let told = actions.iter().any(|action| action.kind == kind);
        // What helps on one outcome need not move another.
        let idle = kind == Kind::StopPaying && any_good;
        // Where something was found, an open question elsewhere is not the next thing to do.
        let minor = kind == Kind::Collect && !actions.is_empty();
        if actions.len() < MOST && !told && !idle && !minor {
            let alike = ranked
                .iter()
                .filter(|other| other.verdict == finding.verdict)
                .count();
            actions.push(Action {
                kind,
                finding: finding.id.clone(),
                text: text(kind, finding, alike),
            });
        }
    }
    actions
}

/// The distance from zero in standard errors.
fn clarity(finding: &Finding) -> f64 {
    finding
        .adjusted
        .map_or(0.0, |estimate| (estimate.estimate / estimate.se).abs())
}

fn text(kind: Kind, finding: &Finding, alike: usize) -> String {
    let outcome = match alike {
        0 | 1 => finding.outcome.label.clone(),
        2 => format!("{} and 1 other outcome", finding.outcome.label),
        more => format!("{} and {} other outcomes", finding.outcome.label, more - 1),
    };
    match kind {
        Kind::Stop => format!("Stop it or redesign it: it went with worse results on {outcome}."),
        Kind::Grow => {
            let price = finding.cost.map_or_else(String::new, |cost| {
                format!(", at ${} a student", number(cost.per_student, 2))
            });
            let how = match finding.design {
                Design::Randomised => "",
                _ => {
                    "; where more apply than there are places, draw lots, and the next report can say more"
                }
            };
            format!("Offer it to more{price}: it went with better results on {outcome}{how}.")
        }
        Kind::Fix => {
            let failed = finding
                .checks
                .iter()
                .find(|check| check.outcome == CheckOutcome::Failed);
            let check =
                failed.map_or_else(String::new, |check| format!(" (failed: {})", check.name));
            format!(
                "Fix the comparison before the number on {outcome} is used{check}: let some schools begin a year later, or \
                 draw lots."
            )
        }
        Kind::StopPaying => {
            let price = finding
                .cost
                .filter(|cost| cost.per_student > 0.0)
                .map_or_else(String::new, |cost| {
                    format!(" (${} a student)", number(cost.per_student, 2))
                });
            format!(
                "Stop paying for it{price} on account of {outcome}: any difference is smaller than what matters."
            )
        }
        Kind::Confirm => format!(
            "Confirm it before more is spent: {outcome} points to better; another school year{} would tell.",
            more(finding)
        ),
        Kind::Collect => format!(
            "Collect what would tell: {outcome} is open{}; a year in which some schools begin later, or a lottery, would tell \
             sooner.",
            needed(finding)
        ),
    }
}

/// How many times as many teachers would find the smallest difference that matters; `None` where today's would.
fn times(finding: &Finding) -> Option<f64> {
    let found = finding.minimum_detectable?;
    let times = (found / finding.smallest_difference).powi(2);
    (times.is_finite() && times > 1.05).then_some(times)
}

fn more(finding: &Finding) -> String {
    times(finding).map_or_else(String::new, |times| {
        format!(", or {} as many participants,", folds(times))
    })
}

fn needed(finding: &Finding) -> String {
    times(finding).map_or_else(String::new, |times| {
        format!(", and takes {} as many participants", folds(times))
    })
}

/// `about 3 times`, `more than 100 times`.
fn folds(times: f64) -> String {
    if times > 100.0 {
        "more than 100 times".to_owned()
    } else if times < 3.0 {
        format!("about {} times", number(times, 1))
    } else {
        format!("about {} times", number(times.ceil(), 0))
    }
}
