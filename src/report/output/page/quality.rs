//! The data-quality page: what was sent, what is wrong with it, and who can put it right. For the people who look after the
//! exports, in the same dress as the report and without script.

use askama::Template;
use throughline_disclosure::Quality;
use throughline_model::check::Severity;
use throughline_model::quality::{Checkup, Sent, State};

use super::{Figure, figure, sheet};
use crate::chart::{self, Chart};
use crate::error::ReportError;
use crate::number;
use crate::tables::{membership, quality as tables};
use crate::words;

const TITLE: &str = "How good the data are";

#[derive(Template)]
#[template(path = "quality.html")]
struct Page<'q> {
    title: &'static str,
    faces: &'static str,
    style: &'static str,
    version: &'q str,
    district: &'q str,
    pipeline: &'q str,
    inputs: &'q str,
    headline: String,
    stopped: Option<String>,
    facts: Vec<(&'static str, String)>,
    owners: Vec<Owner>,
    sent: String,
    balance: String,
    odd: Vec<Odd>,
    hops: Option<String>,
    unlinked: Option<String>,
    conflicts: Option<String>,
    disagreeing: Option<String>,
    outside: Option<String>,
    styles: Option<String>,
    choices: Option<String>,
    rejects: Option<String>,
    months: Option<Figure>,
    failed: Option<String>,
    others: String,
    least: u32,
}

/// What one owner can put right.
struct Owner {
    name: String,
    tasks: String,
    table: String,
}

/// What is odd about a file.
struct Odd {
    place: String,
    message: String,
    hints: Vec<String>,
}

/// The whole page.
pub(crate) fn write(quality: &Quality, months: Option<&Chart>) -> Result<String, ReportError> {
    let some = |table: crate::table::Table, caption: &str| {
        if table.rows.is_empty() {
            Ok(None)
        } else {
            sheet(&table, caption.to_owned(), "quality").map(Some)
        }
    };
    let failed = |check: &&Checkup| check.state == State::Failed;
    let checks = &quality.checked.checks;
    let page = Page {
        title: TITLE,
        faces: chart::faces().trim_end(),
        style: include_str!("../../templates/report.css").trim_end(),
        version: &quality.provenance.version,
        district: &quality.district,
        pipeline: &quality.pipeline,
        inputs: &quality.provenance.inputs,
        headline: headline(quality),
        stopped: quality.refused.then(|| stopped(quality)),
        facts: facts(quality),
        owners: owners(quality)?,
        sent: sheet(
            &tables::sent(quality),
            "Sources, what they sent, and what became of their rows".to_owned(),
            "quality sources",
        )?,
        balance: balance(quality),
        odd: quality
            .odd
            .iter()
            .map(|odd| Odd {
                place: odd.place.clone(),
                message: words::sentence(&odd.message),
                hints: odd.hints.iter().map(|hint| words::sentence(hint)).collect(),
            })
            .collect(),
        hops: some(tables::hops(quality), "Links from student to training")?,
        unlinked: some(
            tables::unlinked(quality),
            "Rows about people that lead to nobody in the student or staff file",
        )?,
        conflicts: some(
            tables::conflicts(quality),
            "IDs and people that the crosswalks do not tell apart",
        )?,
        outside: some(
            membership::outside(quality),
            "Rows that count for nobody, by reason",
        )?,
        styles: some(membership::styles(quality), "How attendance is exported")?,
        disagreeing: some(
            tables::disagreeing(quality),
            "Files in which rows of one key disagree",
        )?,
        choices: some(
            tables::choices(quality),
            "Columns that may hold a person’s ID",
        )?,
        rejects: some(
            tables::rejects(quality),
            "Rejected cells and records by rule",
        )?,
        months: months.map(figure).transpose()?,
        failed: some(
            tables::checkups(checks.iter().filter(failed)),
            "Checks that failed",
        )?,
        others: sheet(
            &tables::checkups(checks.iter().filter(|check| !failed(check))),
            "All other checks".to_owned(),
            "quality",
        )?,
        least: quality.rules.min_students,
    };
    Ok(page.render()? + "\n")
}

fn count(quality: &Quality, state: State) -> usize {
    let checks = quality.checked.checks.iter();
    checks.filter(|check| check.state == state).count()
}

fn headline(quality: &Quality) -> String {
    let (passed, failed) = (count(quality, State::Passed), count(quality, State::Failed));
    let run = words::several(passed + failed, "check of the data", "checks of the data");
    let what = match failed {
        0 if passed == 1 => "The only check of the data passed.".to_owned(),
        0 => format!("All {run} passed."),
        failed => format!("{failed} of {run} failed."),
    };
    match quality.fixes.first() {
        Some(first) => format!(
            "{what} The first thing to put right is with {}: {}.",
            first.owner, first.task
        ),
        None => format!("{what} There is nothing to put right."),
    }
}

fn stopped(quality: &Quality) -> String {
    let errors: Vec<&str> = quality
        .checked
        .failed(Severity::Error)
        .map(|check| check.id.as_str())
        .collect();
    format!(
        "This run was stopped: nothing told on this page was taken into the release, and every report beside it is of the release before. It stopped at {}.",
        words::list(&errors)
    )
}

fn facts(quality: &Quality) -> Vec<(&'static str, String)> {
    let sum = |part: fn(&Sent) -> u64| number::count(quality.sent.iter().map(part).sum());
    let aside: u64 = quality
        .checked
        .unlinked
        .iter()
        .map(|group| group.rows)
        .sum();
    let mut facts = vec![
        ("Files", sum(|sent| sent.received)),
        ("Rows read", sum(|sent| sent.read)),
        ("kept", sum(|sent| sent.kept)),
        ("rejected", sum(|sent| sent.rejected)),
        (
            "copies, or replaced by a later file",
            sum(|sent| sent.duplicate),
        ),
        (
            "in conflict, a rule decides",
            sum(|sent| sent.conflict - sent.unsettled.min(sent.conflict)),
        ),
        ("in conflict, nothing decides", sum(|sent| sent.unsettled)),
        ("lead to nobody", number::count(aside)),
        ("Students not tested", sum(|sent| sent.not_tested)),
        ("Checks passed", count(quality, State::Passed).to_string()),
        ("Checks failed", count(quality, State::Failed).to_string()),
        ("Checks not run", count(quality, State::NotRun).to_string()),
    ];
    // What few exports have is told where it is so.
    let rare = |name: &str| name.starts_with("in conflict") || name == "Students not tested";
    facts.retain(|(name, count)| !rare(name) || count != "0");
    facts
}

/// Whether every row is accounted for. That nothing is lost is said only where it is so.
fn balance(quality: &Quality) -> String {
    let sum = |part: fn(&Sent) -> u64| quality.sent.iter().map(part).sum::<u64>();
    let adds_up =
        |sent: &Sent| sent.read == sent.kept + sent.rejected + sent.duplicate + sent.conflict;
    if !quality.sent.iter().all(adds_up) {
        return "The counts of at least one source do not add up.".to_owned();
    }
    let (rejected, conflict) = (sum(|sent| sent.rejected), sum(|sent| sent.conflict));
    let unsettled = sum(|sent| sent.unsettled);
    let mut text =
        "Of every source, rows read equal rows kept, rejected, duplicate and in conflict"
            .to_owned();
    let lead_nowhere = !quality.outside.is_empty() || !quality.checked.unlinked.is_empty();
    if rejected + conflict == 0 && !lead_nowhere {
        text.push_str(": nothing is lost, nothing counts twice.");
        return text;
    }
    text.push('.');
    if rejected > 0 {
        text.push_str(" Rejected rows count nowhere until they are put right.");
    }
    if unsettled > 0 {
        text.push_str(&format!(
            " Of rows in conflict, {} had to give way though nothing says that the other is right: what is counted from them may be wrong.",
            number::count(unsettled)
        ));
    }
    text
}

/// Owners, the one whose fixes unblock most first.
fn owners(quality: &Quality) -> Result<Vec<Owner>, ReportError> {
    let names = crate::content::distinct(quality.fixes.iter().map(|fix| fix.owner.as_str()));
    names
        .into_iter()
        .map(|name| {
            let fixes = || quality.fixes.iter().filter(|fix| fix.owner == name);
            Ok(Owner {
                name: words::sentence_case(name),
                tasks: words::several(fixes().count(), "thing", "things"),
                table: sheet(
                    &tables::fixes(fixes()),
                    format!("What can be put right ({name})"),
                    "quality fixes",
                )?,
            })
        })
        .collect()
}
