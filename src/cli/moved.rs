//! What moved between two releases, as lines for people: published numbers under the files they moved by.

use throughline_model::part::Arrival;

use crate::run::few;
use crate::run::moved::{FileMove, Move, Moved, Published, Through};

/// The lines; at most `shown` findings of those that moved.
pub(super) fn lines(moved: &Moved, shown: usize) -> Vec<String> {
    let Some(published) = &moved.published else {
        return vec![format!(
            "what moved since release {} cannot be told: it was never reported on, or by another version",
            moved.since
        )];
    };
    let mut lines = vec![headline(moved, published)];
    let mut rest: Vec<&Move> = published.findings.iter().take(shown).collect();
    while let Some(first) = rest.first().copied() {
        let same = |m: &Move| m.through == first.through && m.files == first.files;
        lines.push(format!("  {}:", because(first, moved, published.remade)));
        lines.extend(rest.iter().filter(|m| same(m)).map(|m| finding(m)));
        rest.retain(|m| !same(m));
    }
    if published.findings.len() > shown {
        lines.push(format!(
            "  and {} more: `throughline runs diff`",
            published.findings.len() - shown
        ));
    }
    if published.other > 0 {
        lines.push(format!(
            "  of {} more findings something beside the main estimate moved (a check, another design, a cost)",
            published.other
        ));
    }
    for link in &published.links {
        lines.push(format!(
            "  link {}: {} → {}",
            link.hop,
            share(link.was),
            share(link.now)
        ));
    }
    lines
}

fn headline(moved: &Moved, published: &Published) -> String {
    let files = match moved.files.len() {
        0 => "no export changed".to_owned(),
        1 => "1 export changed".to_owned(),
        n => format!("{n} exports changed"),
    };
    if published.findings.is_empty() {
        return format!(
            "no published estimate moved since release {} ({files})",
            moved.since
        );
    }
    let turned = published.findings.iter().filter(|m| m.turned()).count();
    format!(
        "what moved since release {}: {} of {} published findings, {turned} with another verdict ({files})",
        moved.since,
        published.findings.len(),
        published.of,
    )
}

fn because(of: &Move, moved: &Moved, remade: bool) -> String {
    let named: Vec<String> = of
        .files
        .iter()
        .map(|name| {
            let file = moved.files.iter().find(|file| file.file == *name);
            file.map_or_else(|| name.clone(), |file| format!("{name} ({})", what(file)))
        })
        .collect();
    let mut text = format!("because of {}", few(&named));
    match of.through {
        Through::Measures => {}
        Through::Study => text.push_str(", through the other programs and outcomes of the study"),
        Through::Run => text.push_str(", through the number of questions asked together"),
        Through::Remade => {
            return "because the pipeline file, a measure or the program is another one".to_owned();
        }
    }
    if remade {
        text.push_str("; the pipeline file, a measure or the program is another one, too");
    }
    text
}

/// What became of a file, in a few words.
pub(super) fn what(file: &FileMove) -> String {
    match file.arrival {
        Arrival::Received => format!("new, {} rows", file.now),
        Arrival::Deleted => format!("gone, {} rows", file.was),
        _ => format!("changed, {} → {} rows", file.was, file.now),
    }
}

fn finding(moved: &Move) -> String {
    let number = |shown: &Option<crate::run::log::Shown>| match shown {
        None => "withheld".to_owned(),
        Some(shown) => shown
            .estimate
            .map_or_else(|| "no estimate".to_owned(), signed),
    };
    let verdict = |shown: &Option<crate::run::log::Shown>| {
        shown
            .as_ref()
            .map_or("withheld", |shown| shown.verdict.as_str())
            .to_owned()
    };
    let group = match moved.group.as_str() {
        "all" => "everyone",
        group => group,
    };
    let mut line = format!(
        "    {} → {} SD  {} → {}, {group}",
        number(&moved.was),
        number(&moved.now),
        moved.program,
        moved.outcome
    );
    if moved.turned() {
        line.push_str(&format!(
            ": {} → {}",
            verdict(&moved.was),
            verdict(&moved.now)
        ));
    } else if moved.by == Some(0.0) {
        line.push_str(&beside(moved));
    }
    line
}

/// What moved where the estimate did not.
fn beside(moved: &Move) -> String {
    let (Some(was), Some(now)) = (&moved.was, &moved.now) else {
        return String::new();
    };
    if (was.lower, was.upper) != (now.lower, now.upper) {
        " (its interval)".to_owned()
    } else if was.plain != now.plain {
        " (the plain correlation)".to_owned()
    } else if was.marks != now.marks {
        format!(" (evidence {} → {} of 5)", was.marks, now.marks)
    } else {
        format!(
            " (it rests on {} → {} student-years)",
            was.student_years, now.student_years
        )
    }
}

/// As the summary prints it.
fn signed(value: f64) -> String {
    let text = format!("{:.3}", value.abs());
    match text.as_str() {
        "0.000" => text,
        _ if value < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

fn share((linked, total): (u64, u64)) -> String {
    if total == 0 {
        return "no rows".to_owned();
    }
    format!(
        "{:.1} % of {total} rows",
        100.0 * linked as f64 / total as f64
    )
}
