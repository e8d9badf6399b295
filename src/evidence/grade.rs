//! How strong the evidence is, whatever it says: five marks, the reason for each that is lost, and what would raise it.
//!
//! Under the Every Student Succeeds Act (20 USC 7801(21)(A)) tiers 1, 2 and 3 each ask for a statistically significant positive effect,
//! from an experiment, a quasi-experiment, or a correlational study with statistical controls for selection bias, well designed
//! and well implemented. Tiers 1 and 2 also want a large sample at several sites (34 CFR 77.1: 350 students or more, two sites or
//! more) and no overriding negative finding. One district's run can be a *candidate* at most: tier 3 for an association or a
//! staggered beginning, tier 2 for a matched comparison whose groups were alike, tier 1 for a lottery that kept its people. Only
//! what *helped* is a candidate for anything.

use throughline_model::pipeline::Design;
use throughline_stats::effect_size::{
    AttritionBoundary, AttritionVerdict, Baseline, attrition, baseline_equivalence,
};

use crate::checks::{Tried, Weight};
use crate::finding::{
    BalanceRow, CheckOutcome, Counts, DesignResult, Detail, Grade, Lottery, Verdict,
};
use crate::words::{number, telling};

/// ESSA's tiers 1 and 2 want a sample of this size; below it, no tier is comfortable.
const LARGE_STUDENTS: u64 = 350;
const LARGE_SCHOOLS: u64 = 2;
pub(crate) const MOST: u8 = 5;

/// What a grade is made from.
pub(crate) struct Graded<'a> {
    pub(crate) verdict: Verdict,
    /// The design that speaks.
    pub(crate) design: Design,
    /// What every design says, the speaking one's detail among them where it has any.
    pub(crate) designs: &'a [DesignResult],
    pub(crate) estimated: bool,
    pub(crate) has_prior: bool,
    pub(crate) tried: &'a [Tried],
    pub(crate) n: &'a Counts,
    /// `teacher` or `school`.
    pub(crate) cluster: &'a str,
    /// How many times as many of them would find the smallest difference that matters.
    pub(crate) times: Option<f64>,
}

pub(crate) fn grade(of: &Graded<'_>) -> Grade {
    if !of.estimated {
        return Grade {
            essa_candidate: None,
            marks: 0,
            lost: vec!["there is no estimate".to_owned()],
            raise: raise(of),
            law: law(None),
        };
    }
    let mut lost: Vec<String> = Vec::new();
    if let Some(design) = lost_by(of.design) {
        lost.push(design.to_owned());
    }
    if !of.has_prior && of.design != Design::Randomised {
        lost.push("no outcome from the school year before to adjust for".to_owned());
    }
    if !is_large(of.n) {
        lost.push(format!(
            "fewer than {LARGE_STUDENTS} students or {LARGE_SCHOOLS} schools"
        ));
    }
    let decisive = of
        .tried
        .iter()
        .any(|tried| tried.failed() && tried.weight == Weight::Decisive);
    for tried in of.tried {
        match tried.check.outcome {
            CheckOutcome::Passed => {}
            CheckOutcome::Failed if tried.weight == Weight::Decisive => {
                lost.push(format!("failed: {} (takes every mark)", tried.check.name));
            }
            CheckOutcome::Failed => lost.push(format!("failed: {}", tried.check.name)),
            CheckOutcome::NotRun if tried.weight == Weight::Decisive => {
                lost.push(format!("could not be checked: {}", tried.check.name));
            }
            CheckOutcome::NotRun => {}
        }
    }
    if of.verdict == Verdict::CannotTellYet {
        lost.push(
            "the interval is too wide, rests on too few, or leaves open what else it could be"
                .to_owned(),
        );
    }
    let count = u8::try_from(lost.len()).unwrap_or(MOST).min(MOST);
    let tier = (of.verdict == Verdict::Helped).then(|| tier(of));
    Grade {
        essa_candidate: tier,
        marks: if decisive { 0 } else { MOST - count },
        lost,
        raise: raise(of),
        law: law(tier),
    }
}

fn is_large(n: &Counts) -> bool {
    n.students >= LARGE_STUDENTS && n.schools >= LARGE_SCHOOLS
}

/// The mark that a design without a draw cannot have.
fn lost_by(design: Design) -> Option<&'static str> {
    match design {
        Design::Randomised => None,
        Design::StaggeredAdoption => Some(
            "who began when was chosen, not drawn: it rests on both groups having moved alike otherwise",
        ),
        Design::MatchedComparison => Some(
            "participants chose to take part: alike on what is measured is not alike on the rest",
        ),
        _ => Some(
            "an association in one district: nobody drew lots, and no matched group stands beside it",
        ),
    }
}

/// The tier that a finding that helped is a candidate for.
fn tier(of: &Graded<'_>) -> u8 {
    let detail = of
        .designs
        .iter()
        .find(|result| result.design == of.design)
        .map(|result| &result.detail);
    match (of.design, detail) {
        _ if !is_large(of.n) => 3,
        (Design::Randomised, Some(Detail::Lottery(lottery))) if kept_its_people(lottery) => 1,
        (Design::Randomised, Some(Detail::Lottery(lottery))) if alike(&lottery.balance) => 2,
        (Design::MatchedComparison, Some(Detail::Balance(balance))) if alike(&balance.rows) => 2,
        _ => 3,
    }
}

/// Attrition inside the Clearinghouse's cautious boundary. It is a rule about shares: the two groups are taken as equally large.
fn kept_its_people(lottery: &Lottery) -> bool {
    const PEOPLE: f64 = 1e6;
    let half = lottery.differential_attrition.abs() / 2.0;
    let kept = |lost: f64| (PEOPLE * (1.0 - lost.clamp(0.0, 1.0))).round() as usize;
    let groups = [
        kept(lottery.overall_attrition + half),
        kept(lottery.overall_attrition - half),
    ];
    let people = PEOPLE as usize;
    attrition(
        (people, groups[0]),
        (people, groups[1]),
        AttritionBoundary::Cautious,
    )
    .is_ok_and(|found| found.verdict == AttritionVerdict::Low)
}

/// Whether no baseline measure differs by more than adjustment may mend; every design here adjusts.
fn alike(rows: &[BalanceRow]) -> bool {
    !rows.is_empty()
        && rows
            .iter()
            .all(|row| baseline_equivalence(row.after) != Baseline::Failed)
}

/// What would raise the grade, what tells most first.
fn raise(of: &Graded<'_>) -> Vec<String> {
    let mut raise = Vec::new();
    if of.design != Design::Randomised {
        raise.push("a lottery where more apply than there are places".to_owned());
    }
    if !matches!(
        of.design,
        Design::Randomised | Design::StaggeredAdoption | Design::MatchedComparison
    ) {
        raise.push(
            "a comparison year: some schools or teachers begin a year later than others".to_owned(),
        );
    }
    if let Some(times) = of.times.filter(|_| of.verdict == Verdict::CannotTellYet) {
        raise.push(if times > 100.0 {
            format!("far more {}s: more than 100 times as many", of.cluster)
        } else {
            format!(
                "about {} times as many {}s {}",
                number(times.ceil(), 0),
                of.cluster,
                telling(of.design)
            )
        });
    }
    if !is_large(of.n) {
        raise.push(format!(
            "{LARGE_STUDENTS} students or more in {LARGE_SCHOOLS} schools or more"
        ));
    }
    if !of.has_prior {
        raise.push("the outcome of the school year before, to adjust for".to_owned());
    }
    for tried in of.tried {
        if tried.check.outcome == CheckOutcome::NotRun && tried.weight == Weight::Decisive {
            raise.push(format!(
                "one more school year, so that this can be checked: {}",
                tried.check.name
            ));
        }
    }
    raise
}

/// What the law still asks.
fn law(tier: Option<u8>) -> Vec<String> {
    let texts: &[&str] = match tier {
        None => &[
            "no tier without a positive difference beyond chance; tier 4 asks for a rationale and an ongoing effort to study it",
        ],
        Some(1) => &[
            "a reviewer's agreement that the experiment was well designed and carried out",
            "no overriding negative finding from other strong studies",
        ],
        Some(2) => &[
            "a reviewer's agreement that the comparison was well designed and carried out",
            "no overriding negative finding from other strong studies",
            "for tier 1: a lottery with few people lost from either group",
        ],
        Some(_) => &[
            "a reviewer's agreement that the study was well designed, with statistical controls for selection",
            "for tier 2: a comparison group shown to be alike at the start, with 350 students or more at two sites or more",
            "for tier 1: a lottery of that size",
        ],
    };
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Balance;

    fn counts(students: u64, schools: u64) -> Counts {
        Counts {
            students,
            schools,
            ..Counts::default()
        }
    }

    fn result(design: Design, detail: Detail) -> DesignResult {
        DesignResult {
            design,
            contrast: String::new(),
            estimate: None,
            not_run: None,
            n: Counts::default(),
            checks: Vec::new(),
            estimator: String::new(),
            detail,
        }
    }

    fn graded(design: Design, detail: Detail, n: &Counts) -> Grade {
        let designs = [result(design, detail)];
        grade(&Graded {
            verdict: Verdict::Helped,
            design,
            designs: &designs,
            estimated: true,
            has_prior: true,
            tried: &[],
            n,
            cluster: "teacher",
            times: None,
        })
    }

    fn rows(after: f64) -> Vec<BalanceRow> {
        vec![BalanceRow {
            label: "prior".to_owned(),
            before: 0.4,
            after,
        }]
    }

    fn lottery(overall: f64, differential: f64, after: f64) -> Detail {
        Detail::Lottery(Lottery {
            overall_attrition: overall,
            differential_attrition: differential,
            balance: rows(after),
            ..Lottery::default()
        })
    }

    #[test]
    fn a_tier_follows_from_the_design_and_its_checks() {
        let many = counts(900, 12);
        let tier = |design, detail| graded(design, detail, &many).essa_candidate;
        assert_eq!(tier(Design::PanelAssociation, Detail::None), Some(3));
        assert_eq!(tier(Design::StaggeredAdoption, Detail::None), Some(3));
        let balance = |after| {
            Detail::Balance(Balance {
                rows: rows(after),
                ..Balance::default()
            })
        };
        assert_eq!(tier(Design::MatchedComparison, balance(0.2)), Some(2));
        assert_eq!(tier(Design::MatchedComparison, balance(0.3)), Some(3));
        // Table II.1 at 10 % overall, cautious: 6.3 points.
        assert_eq!(tier(Design::Randomised, lottery(0.10, 0.06, 0.0)), Some(1));
        assert_eq!(tier(Design::Randomised, lottery(0.10, 0.07, 0.1)), Some(2));
        assert_eq!(tier(Design::Randomised, lottery(0.10, 0.07, 0.3)), Some(3));
    }

    #[test]
    fn a_small_lottery_is_no_more_than_a_tier_three_candidate_and_says_what_is_missing() {
        let few = counts(200, 1);
        let grade = graded(Design::Randomised, lottery(0.05, 0.0, 0.0), &few);
        assert_eq!(grade.essa_candidate, Some(3));
        assert!(grade.raise.iter().any(|text| text.contains("350 students")));
    }

    #[test]
    fn only_a_lottery_can_have_all_marks() {
        let many = counts(900, 12);
        assert_eq!(
            graded(Design::Randomised, lottery(0.1, 0.0, 0.0), &many).marks,
            5
        );
        for design in [
            Design::StaggeredAdoption,
            Design::PanelAssociation,
            Design::MatchedComparison,
        ] {
            let grade = graded(design, Detail::None, &many);
            assert_eq!(grade.marks, 4, "{design:?}");
            assert!(!grade.raise.is_empty() && !grade.law.is_empty());
        }
    }
}
