//! The data-quality page: what was sent, what is wrong with it, and who can put it right. For the people who look after the
//! exports, in the same dress as the report and without script.

use askama::Template;
use throughline_disclosure::Quality;
use throughline_model::check::Severity;
use throughline_model::quality::{Checkup, State};

use super::{Figure, figure, sheet};
use crate::chart::{self, Chart};
use crate::error::ReportError;
use crate::number;
use crate::tables::quality as tables;
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
    let sum = |part: fn(&throughline_model::quality::Sent) -> u64| {
        number::count(quality.sent.iter().map(part).sum())
    };
    let aside: u64 = quality
        .checked
        .unlinked
        .iter()
        .map(|group| group.rows)
        .sum();
    vec![
        ("Files", sum(|sent| sent.received)),
        ("Rows read", sum(|sent| sent.read)),
        ("kept", sum(|sent| sent.kept)),
        ("rejected", sum(|sent| sent.rejected)),
        ("replaced by a later copy", sum(|sent| sent.duplicate)),
        ("lead to nobody", number::count(aside)),
        ("Checks passed", count(quality, State::Passed).to_string()),
        ("Checks failed", count(quality, State::Failed).to_string()),
        ("Checks not run", count(quality, State::NotRun).to_string()),
    ]
}

fn balance(quality: &Quality) -> String {
    let balances = quality
        .sent
        .iter()
        .all(|sent| sent.read == sent.kept + sent.rejected + sent.duplicate);
    if balances {
        "Of every source, rows read equal rows kept, rejected and duplicate: nothing is lost, nothing counts twice.".to_owned()
    } else {
        "The counts of at least one source do not add up.".to_owned()
    }
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
