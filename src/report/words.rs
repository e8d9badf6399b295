//! Every sentence that a report makes itself. Wording follows from verdict and design and never outruns them: a
//! program *went with* an outcome. Nothing here says that one thing made another happen, because no design that a
//! district's own records allow has earned those words.

use throughline_disclosure::Report;
use throughline_evidence::finding::{CheckOutcome, Finding, Grade, Planned, Verdict};
use throughline_model::Calendar;
use throughline_model::pipeline::{Design, Subgroup, Window};

use crate::content::{Answer, Content, Effect, Program};
use crate::number;
use crate::table::WITHHELD;

/// Verdicts in the order of reading: what went well and what did not in turn, then what is open.
pub(crate) const VERDICTS: [Verdict; 6] = [
    Verdict::Helped,
    Verdict::Promising,
    Verdict::NoMeaningfulDifference,
    Verdict::WorseOutcomes,
    Verdict::CannotTellYet,
    Verdict::NotCredible,
];

/// A name for ids, classes and shapes.
pub(crate) fn slug(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Helped => "helped",
        Verdict::Promising => "promising",
        Verdict::NoMeaningfulDifference => "no-difference",
        Verdict::CannotTellYet => "cannot-tell",
        Verdict::WorseOutcomes => "worse",
        Verdict::NotCredible => "not-credible",
    }
}

/// What a verdict means, one line.
pub(crate) fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Helped => "Went with better outcomes, by more than chance would bring.",
        Verdict::Promising => "Points to better outcomes; the evidence is thinner.",
        Verdict::NoMeaningfulDifference => "Any difference is smaller than what would matter.",
        Verdict::CannotTellYet => {
            "No answer in either direction: too few data, or a check found another explanation; each finding says which."
        }
        Verdict::WorseOutcomes => "Went with worse outcomes, by more than chance would bring.",
        Verdict::NotCredible => "A check speaks against the number, so it is not to be used.",
    }
}

/// `2020-21 to 2024-25`.
pub(crate) fn period(report: &Report) -> String {
    let (first, last) = (report.first_year, report.last_year);
    if first == last {
        Calendar::label(first)
    } else {
        format!("{} to {}", Calendar::label(first), Calendar::label(last))
    }
}

/// `per 10 hours`; of something one has or has not: `with against without`.
pub(crate) fn per(finding: &Finding) -> String {
    dose(finding.per, &finding.dose_unit)
}

fn dose(per: f64, unit: &str) -> String {
    if unit == "yes/no" {
        "with against without".to_owned()
    } else if per == 1.0 {
        format!("per {}", singular(unit))
    } else {
        format!("per {} {unit}", number::short(per, 2))
    }
}

/// `hours` → `hour`: only the plain English plural of a unit's first word.
fn singular(unit: &str) -> String {
    let (first, rest) = unit
        .split_once(' ')
        .map_or((unit, String::new()), |(first, rest)| {
            (first, format!(" {rest}"))
        });
    let first = match first.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with('s') => stem,
        _ => first,
    };
    format!("{first}{rest}")
}

/// When the dose was counted.
pub(crate) fn window(window: Window) -> &'static str {
    match window {
        Window::PriorYear => "counted in the school year before the outcome",
        Window::SameYear => "counted in the same school year as the outcome, so not before it",
        Window::ToDate => "counted up to the end of the school year before the outcome",
    }
}

/// How the question was answered.
pub(crate) fn design(design: Design) -> &'static str {
    match design {
        Design::Randomised => "lottery",
        Design::StaggeredAdoption => "staggered adoption",
        Design::PanelAssociation => "panel association",
        Design::MatchedComparison => "matched comparison",
        Design::DoseResponse => "dose-response",
        Design::TrainingWithTool => "training with tool",
        Design::CountModel => "count model",
    }
}

/// `All students`, `English learner`, `Grades 3–5`.
pub(crate) fn subgroup(subgroup: &Subgroup) -> String {
    match subgroup {
        Subgroup::All => "All students".to_owned(),
        Subgroup::Flag(flag) => sentence_case(&flag.replace('_', " ")),
        Subgroup::Grades(first, last) if first == last => format!("Grade {first}"),
        Subgroup::Grades(first, last) => format!("Grades {first}–{last}"),
    }
}

/// The first letter in upper case.
pub(crate) fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// What was asked about: the outcome, and the study where there is more than one.
pub(crate) fn asked(answer: &Answer<'_>, several_studies: bool) -> String {
    if several_studies {
        format!("{} ({})", answer.outcome.label, answer.study.label)
    } else {
        answer.outcome.label.clone()
    }
}

/// `+0.081 (+0.052 to +0.110)`.
pub(crate) fn effect(effect: Effect) -> String {
    format!(
        "{} ({})",
        number::signed(effect.estimate, number::SD),
        interval(effect)
    )
}

/// `+0.052 to +0.110`.
pub(crate) fn interval(effect: Effect) -> String {
    format!(
        "{} to {}",
        number::signed(effect.lower, number::SD),
        number::signed(effect.upper, number::SD)
    )
}

/// The answer's effect towards better, or why there is none.
pub(crate) fn answer_effect(answer: &Answer<'_>) -> String {
    match (answer.found, answer.adjusted()) {
        (Err(_), _) => WITHHELD.to_owned(),
        (Ok(_), None) => "not estimated".to_owned(),
        (Ok(_), Some(adjusted)) => effect(adjusted),
    }
}

/// The verdict's words, or that it is withheld.
pub(crate) fn answer_verdict(answer: &Answer<'_>) -> &'static str {
    answer.verdict().map_or("withheld", Verdict::words)
}

/// An effect in the outcome's own unit and own direction.
pub(crate) struct OwnUnit {
    /// `−0.61`.
    pub(crate) estimate: String,
    /// `−0.91 to −0.31`.
    pub(crate) interval: String,
    /// `percentage points`.
    pub(crate) unit: String,
}

/// The effect in the outcome's own unit; a share is read in percentage points.
pub(crate) fn own_unit(finding: &Finding) -> Option<OwnUnit> {
    let raw = finding.adjusted_raw?;
    let (factor, unit) = if finding.outcome_unit.starts_with("share") {
        (100.0, "percentage points".to_owned())
    } else {
        (1.0, finding.outcome_unit.clone())
    };
    let digits = number::decimals_for(raw.se * factor);
    let show = |value: f64| number::signed(value * factor, digits);
    Some(OwnUnit {
        estimate: show(raw.estimate),
        interval: format!("{} to {}", show(raw.lower), show(raw.upper)),
        unit,
    })
}

/// The first letter in upper case and a full stop at the end; nothing stays nothing.
pub(crate) fn sentence(text: &str) -> String {
    let text = sentence_case(text.trim());
    if text.is_empty() || text.ends_with(['.', '!', '?']) {
        text
    } else {
        format!("{text}.")
    }
}

/// `4 of 5 marks, ESSA tier 3 candidate`.
pub(crate) fn evidence(grade: &Grade) -> String {
    match grade.essa_candidate {
        Some(_) => format!("{} of 5 marks, {}", grade.marks, tier(grade)),
        None => format!("{} of 5 marks", grade.marks),
    }
}

/// Why the verdict is what it is; the effect stands beside it.
pub(crate) fn reason(finding: &Finding) -> String {
    sentence(&finding.verdict_reason)
}

/// `tier 3 candidate`.
pub(crate) fn tier(grade: &Grade) -> String {
    grade.essa_candidate.map_or_else(
        || "no ESSA tier".to_owned(),
        |tier| format!("ESSA tier {tier} candidate"),
    )
}

/// An id as part of a file name: letters, digits, `-` and `_` stay, everything else becomes `-`.
pub(crate) fn file_stem(id: &str) -> String {
    id.chars()
        .map(|letter| match letter {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '-' | '_' => letter,
            _ => '-',
        })
        .collect()
}

/// `1 program`, `8 programs`.
pub(crate) fn several(count: usize, one: &str, many: &str) -> String {
    if count == 1 {
        format!("1 {one}")
    } else {
        format!("{} {many}", number::count(count as u64))
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [init @ .., last] => {
            let init: Vec<&str> = init.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", init.join(", "), last.as_ref())
        }
    }
}

/// How many of `answers` have each verdict, and how many are withheld.
pub(crate) fn tally<'a>(
    answers: impl Iterator<Item = &'a Answer<'a>> + Clone,
) -> ([usize; 6], usize) {
    let of = |wanted: Option<Verdict>| {
        answers
            .clone()
            .filter(|answer| answer.verdict() == wanted)
            .count()
    };
    (VERDICTS.map(|verdict| of(Some(verdict))), of(None))
}

/// What a program's chart says: every verdict that was reached, the open questions too. What stands out is named, the
/// rest is counted, so that the title never has to be cut.
pub(crate) fn program_title(program: &Program<'_>) -> String {
    let main: Vec<&Answer<'_>> = program.main().collect();
    let mut parts = Vec::new();
    let mut total = format!(" of {}", several(main.len(), "outcome", "outcomes"));
    for verdict in VERDICTS {
        let labels: Vec<&str> = main
            .iter()
            .filter(|answer| answer.verdict() == Some(verdict))
            .map(|answer| answer.outcome.label.as_str())
            .collect();
        let stands_out = matches!(verdict, Verdict::Helped | Verdict::WorseOutcomes);
        let on = match labels.as_slice() {
            [] => continue,
            [one] => (*one).to_owned(),
            [_, _] if stands_out => list(&labels),
            // "of 8 outcomes" is said once.
            many => format!("{}{}", many.len(), std::mem::take(&mut total)),
        };
        parts.push(match verdict {
            Verdict::Helped => format!("went with better results on {on}"),
            Verdict::Promising => format!("points to better results on {on}"),
            Verdict::NoMeaningfulDifference => format!("no meaningful difference on {on}"),
            Verdict::WorseOutcomes => format!("went with worse results on {on}"),
            Verdict::CannotTellYet => format!("cannot tell yet on {on}"),
            Verdict::NotCredible => format!("not credible on {on}"),
        });
    }
    if parts.is_empty() {
        return format!("{}: {WITHHELD}", program.label);
    }
    format!("{}: {}", program.label, parts.join("; "))
}

/// What a ranking says about its field: `Attendance: of 16 comparisons, 2 went with better results, …`.
pub(crate) fn ranking_title(about: &str, answers: &[&Answer<'_>]) -> String {
    let (counts, withheld) = tally(answers.iter().copied());
    format!(
        "{}: of {}, {}",
        sentence_case(about),
        several(answers.len(), "comparison", "comparisons"),
        verdict_counts(&counts, withheld)
    )
}

/// `2 went with better results, 1 cannot be told yet`; verdicts that nothing got are left out.
fn verdict_counts(counts: &[usize; 6], withheld: usize) -> String {
    let mut parts: Vec<String> = VERDICTS
        .iter()
        .zip(counts)
        .filter(|(_, count)| **count > 0)
        .map(|(verdict, count)| {
            let count = *count;
            let is = if count == 1 { "is" } else { "are" };
            let points = if count == 1 { "points" } else { "point" };
            let shows = if count == 1 { "shows" } else { "show" };
            match verdict {
                Verdict::Helped => format!("{count} went with better results"),
                Verdict::Promising => {
                    format!("{count} {points} to better results on thinner evidence")
                }
                Verdict::NoMeaningfulDifference => {
                    format!("{count} {shows} no meaningful difference")
                }
                Verdict::WorseOutcomes => format!("{count} went with worse results"),
                Verdict::CannotTellYet => format!("{count} cannot be told yet"),
                Verdict::NotCredible => format!("{count} {is} not credible"),
            }
        })
        .collect();
    if withheld > 0 {
        let is = if withheld == 1 { "is" } else { "are" };
        parts.push(format!("{withheld} {is} withheld for privacy"));
    }
    list(&parts)
}

/// The report's answer in one neutral paragraph.
pub(crate) fn headline(content: &Content<'_>) -> String {
    let report = content.report;
    let main: Vec<&Answer<'_>> = content.main().collect();
    let (counts, withheld) = tally(main.iter().copied());
    let mut text = format!(
        "{} compared {} of teacher training and tools with {} of its students in the school years {}: {} for all \
         students together.",
        report.district,
        several(content.programs.len(), "program", "programs"),
        several(content.outcomes.len(), "outcome", "outcomes"),
        period(report),
        several(main.len(), "comparison", "comparisons"),
    );
    if !main.is_empty() {
        text.push_str(&format!(
            " Of these, {}.",
            verdict_counts(&counts, withheld)
        ));
    }
    text
}

/// What the headline does not say, and must be said with it.
pub(crate) fn caution(content: &Content<'_>) -> String {
    let best = content
        .main()
        .filter_map(|answer| answer.finding()?.grade.essa_candidate)
        .min();
    let tier = best.map_or_else(String::new, |tier| {
        format!(
            " At best they are candidates for tier {tier} of the federal evidence tiers (ESSA), where 1 is the \
             strongest and 4 the weakest."
        )
    });
    let lots = content
        .main()
        .filter_map(Answer::finding)
        .any(|finding| finding.design == Design::Randomised);
    let lots = if lots {
        " Only where the district drew lots does a finding say more, and says so."
    } else {
        ""
    };
    let running = content.report.running.as_ref();
    let running = running.map_or_else(String::new, |running| {
        format!(
            " {} is still running and not in here: it counts once its attendance reaches {}.",
            Calendar::label(running.year),
            running.counts_from.format("%-d %B %Y")
        )
    });
    format!(
        "These are associations in this district's own records. They show what went together, adjusted for what the \
         records can tell; they do not show what would have happened without the program.{lots}{tier}{running}"
    )
}

/// Whether the question stood before outcomes were read, and where not, when it came.
pub(crate) fn planned(planned: &Planned) -> String {
    let Planned::After(after) = planned else {
        return "planned before outcomes were read".to_owned();
    };
    let how = after.change.word();
    let new = after.last_year.map_or_else(String::new, |year| {
        format!(
            "; school years after {} were new to it",
            Calendar::label(year)
        )
    });
    format!(
        "{how} after release {} had been read on {}{new}",
        after.release, after.on
    )
}

/// As [`planned`], for a place with little room: nothing where the question was planned.
pub(crate) fn added(planned: &Planned) -> String {
    match planned {
        Planned::Before => String::new(),
        Planned::After(after) => {
            format!(
                "{} after outcomes had been read on {}",
                after.change.word(),
                after.on
            )
        }
    }
}

/// How a check went, in a word.
pub(crate) fn check(outcome: CheckOutcome) -> &'static str {
    match outcome {
        CheckOutcome::Passed => "passed",
        CheckOutcome::Failed => "failed",
        CheckOutcome::NotRun => "not run",
    }
}

/// Four lines that make every number readable.
pub(crate) fn how_to_read(report: &Report) -> [String; 4] {
    [
        "An effect is the difference in an outcome per stated dose, in standard deviations (SD): plus is always better, \
         also where less of the outcome is better. For achievement, researchers call less than 0.05 small, 0.05 to 0.20 \
         medium, and 0.20 or more large (Kraft 2020)."
            .to_owned(),
        "The 95% interval is the range of true differences that these data are compatible with. A verdict compares the \
         interval with the smallest difference that matters, which the district set beforehand."
            .to_owned(),
        "“Plain correlation” compares everyone who took part with everyone who did not. “Adjusted” compares like with \
         like, as far as the records can tell. The distance between the two is what a plain comparison gets wrong, \
         mostly that those who volunteer differ to begin with."
            .to_owned(),
        format!(
            "“Helped” is short for “went with better outcomes”. Numbers about fewer than {} students, {} teachers or {} \
             schools are withheld, and say so where they would stand.",
            report.rules.min_students, report.rules.min_teachers, report.rules.min_schools
        ),
    ]
}
