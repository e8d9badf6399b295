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
    let price = finding
        .cost
        .filter(|cost| cost.per_student > 0.0)
        .map_or_else(String::new, |cost| {
            format!(", at ${} a student", number(cost.per_student, 2))
        });
    match kind {
        Kind::Stop => {
            format!(
                "It went with worse results on {outcome}: end it, or redesign it before it goes on."
            )
        }
        Kind::Grow => {
            let lots = match finding.design {
                Design::Randomised => "",
                _ => {
                    " Where more apply than there are places, draw lots: the next report can then say more."
                }
            };
            format!("It went with better results on {outcome}: offer it to more{price}.{lots}")
        }
        Kind::Fix => {
            let failed = finding
                .checks
                .iter()
                .find(|check| check.outcome == CheckOutcome::Failed);
            let check =
                failed.map_or_else(String::new, |check| format!(" (failed: {})", check.name));
            format!(
                "The number on {outcome} is not to be used{check}: let some schools begin a year later than others, or draw \
                 lots."
            )
        }
        Kind::StopPaying => format!(
            "Any difference on {outcome} is smaller than what matters{price}: on this account it need not go on."
        ),
        Kind::Confirm => format!(
            "{outcome} points to better: another school year{} would tell before more is spent.",
            more(finding)
        ),
        Kind::Collect => {
            let sooner = match finding.design {
                Design::Randomised => "lots drawn again for next year's places would tell more.",
                _ => "a year in which some schools begin later, or a lottery, would tell sooner.",
            };
            format!("{outcome} is open{}: {sooner}", needed(finding))
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Cost, Counts, Grade, Planned, Price};
    use throughline_model::pipeline::Window;

    fn named(id: &str) -> Named {
        Named {
            id: id.to_owned(),
            label: id.to_owned(),
        }
    }

    fn finding(outcome: &str, verdict: Verdict, marks: u8) -> Finding {
        Finding {
            id: format!("main.coaching.{outcome}.all"),
            study: named("main"),
            exposure: named("coaching"),
            outcome: named(outcome),
            domain: "achievement".to_owned(),
            subgroup: Subgroup::All,
            design: Design::PanelAssociation,
            designs: Vec::new(),
            window: Window::PriorYear,
            per: 10.0,
            dose_unit: "hours".to_owned(),
            outcome_unit: "points".to_owned(),
            higher_is_better: true,
            smallest_difference: 0.05,
            naive: None,
            adjusted: None,
            adjusted_raw: None,
            alone: None,
            shrunk: None,
            gap: None,
            q_value: None,
            q_in_domain: None,
            n: Counts::default(),
            checks: Vec::new(),
            verdict,
            verdict_reason: String::new(),
            grade: Grade {
                marks,
                ..Grade::default()
            },
            minimum_detectable: Some(0.10),
            size: None,
            cost: Some(Cost {
                per_student: 12.5,
                per_step: Price::NotDetermined,
                per_unit: None,
            }),
            planned: Planned::Before,
            estimator: String::new(),
        }
    }

    fn kinds(findings: &[Finding]) -> Vec<(Kind, String)> {
        let programs = actions(findings);
        let all = programs.into_iter().flat_map(|program| program.actions);
        all.map(|action| (action.kind, action.finding)).collect()
    }

    #[test]
    fn a_warning_comes_before_a_success_and_neither_hides_the_other() {
        let found = kinds(&[
            finding("math", Verdict::Helped, 4),
            finding("reading", Verdict::NoMeaningfulDifference, 4),
            finding("attendance", Verdict::WorseOutcomes, 3),
            finding("credits", Verdict::CannotTellYet, 3),
        ]);
        assert_eq!(
            found,
            [
                (Kind::Stop, "main.coaching.attendance.all".to_owned()),
                (Kind::Grow, "main.coaching.math.all".to_owned()),
            ]
        );
    }

    #[test]
    fn paying_stops_only_where_nothing_points_to_better() {
        let nothing = finding("reading", Verdict::NoMeaningfulDifference, 4);
        let found = kinds(std::slice::from_ref(&nothing));
        assert_eq!(found[0].0, Kind::StopPaying);
        let found = kinds(&[nothing, finding("math", Verdict::Promising, 3)]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, Kind::Confirm);
    }

    #[test]
    fn an_open_question_says_what_would_tell() {
        let programs = actions(&[finding("math", Verdict::CannotTellYet, 3)]);
        let text = &programs[0].actions[0].text;
        // A detectable 0.10 against 0.05 that matters: (0.10 / 0.05)² = 4.
        assert!(
            text.contains("about 4 times as many participants"),
            "{text}"
        );
        assert!(text.contains("lottery"), "{text}");
    }

    #[test]
    fn groups_of_students_alone_call_for_nothing() {
        let mut group = finding("math", Verdict::Helped, 4);
        group.subgroup = Subgroup::Flag("english_learner".to_owned());
        assert!(actions(&[group]).is_empty());
    }
}
