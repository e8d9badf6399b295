//! A proposal as the TOML of a mapping: what is proposed, how sure that is and why, and what somebody has to choose. What is
//! to be chosen stands there as a comment, so that the mapping is refused until it has been.

use std::fmt::Write as _;

use super::proposal::{Proposal, Proposed};
use crate::mapping::Origin;

/// The text of a mapping. `vendor` is what to call the format; `dialect` the lines of its `[dialect]`, if it needs any.
pub fn write(proposal: &Proposal, vendor: &str, dialect: &[String]) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    line(format!(
        "# Proposed: table `{}`, {}: {}.",
        proposal.table.name,
        sure(proposal.sure),
        proposal.why
    ));
    if !proposal.rivals.is_empty() {
        let rivals: Vec<String> = proposal
            .rivals
            .iter()
            .map(|(name, score)| format!("`{name}` ({:.0} %)", 100.0 * score))
            .collect();
        line(format!("# Next would be {}.", rivals.join(", ")));
    }
    fitting(proposal).into_iter().for_each(&mut line);
    let open = proposal.questions();
    if open > 0 {
        line(format!(
            "# {open} to choose: look for CHOOSE. `throughline check` refuses the mapping until then."
        ));
    }
    line(format!("vendor = {}", quoted(vendor)));
    line(format!("table = {}", quoted(proposal.table.name)));
    if proposal
        .table
        .columns
        .iter()
        .any(|column| column.kind.is_person())
    {
        let email = proposal.fields.iter().any(|field| field.is_email);
        let (system, note) = match &proposal.system {
            Some(system) => (system.as_str(), ""),
            None if email => ("email", ""),
            None => ("sis", "  # CHECK: whose IDs the person columns hold"),
        };
        line(format!("id_system = {}{note}", quoted(system)));
    }
    proposal.keys.iter().cloned().for_each(&mut line);
    if !proposal.left.is_empty() {
        line("# Not mapped, and never kept:".to_owned());
        line("ignore = [".to_owned());
        for left in &proposal.left {
            let why = left
                .private
                .map_or_else(|| left.shape.clone(), |why| format!("{why} stays out"));
            line(format!("    {},  # {why}", quoted(&left.name)));
        }
        line("]".to_owned());
    }
    if !dialect.is_empty() || !proposal.dialect.is_empty() {
        line("\n[dialect]".to_owned());
        let lines = dialect.iter().chain(&proposal.dialect);
        lines.cloned().for_each(&mut line);
    }
    proposal.sections.iter().cloned().for_each(&mut line);
    line("\n[columns]".to_owned());
    for field in &proposal.fields {
        lines(field).into_iter().for_each(&mut line);
    }
    for asked in &proposal.asked {
        line(format!(
            "# CHOOSE `{}` (required): {}; a column with `from`, or one value for every row.",
            asked.field.name, asked.why
        ));
        let choices: Vec<&str> = if asked.choices.is_empty() {
            vec!["…"]
        } else {
            asked.choices.iter().map(String::as_str).collect()
        };
        for choice in choices {
            line(format!(
                "# {} = {{ value = {} }}",
                asked.field.name,
                quoted(choice)
            ));
        }
    }
    text
}

/// What is said of the shipped mappings that read the file.
fn fitting(proposal: &Proposal) -> Vec<String> {
    let mut lines = Vec::new();
    let Some(best) = proposal.fits.first() else {
        return lines;
    };
    let missing = match best.missing {
        0 => String::new(),
        missing => format!(", and misses {missing} it could use"),
    };
    lines.push(format!(
        "# The shipped mapping `{}` ({}) reads this file: it knows {} of {} columns{missing}.",
        best.mapping, best.vendor, best.known, best.columns,
    ));
    for doubt in &best.doubts {
        lines.push(format!("# But {doubt}."));
    }
    if let Some((bundle, members)) = &best.bundle {
        lines.push(format!(
            "# It is part of the bundle `{bundle}`: name that as the mapping of the whole folder or zip{}.",
            if members.is_empty() {
                String::new()
            } else {
                format!(", for this one looks into {}", members.join(", "))
            }
        ));
    }
    let others: Vec<String> = proposal
        .fits
        .iter()
        .skip(1)
        .filter(|fit| fit.decides())
        .map(|fit| format!("`{}`", fit.mapping))
        .collect();
    if !others.is_empty() {
        lines.push(format!(
            "# {} read{} it too, for other rows, fields or versions.",
            others.join(", "),
            if others.len() == 1 { "s" } else { "" }
        ));
    }
    lines
}

fn sure(score: f64) -> String {
    let word = match score {
        score if score >= 0.7 => "sure",
        score if score >= 0.5 => "likely",
        _ => "a guess",
    };
    format!("{word} ({:.0} %)", 100.0 * score)
}

fn lines(field: &Proposed) -> Vec<String> {
    let mut lines = vec![format!("# {}: {}", sure(field.sure), field.why)];
    lines.extend(field.notes.iter().map(|note| format!("# CHECK: {note}")));
    let start = match &field.from {
        Origin::Constant(value) => format!("{} = {{ value = {}", field.field.name, quoted(value)),
        Origin::Header(names) => {
            let name = names.first().map_or("", String::as_str);
            format!("{} = {{ from = {}", field.field.name, quoted(name))
        }
        Origin::Joined(names) => {
            let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            format!("{} = {{ from = [{}]", field.field.name, names.join(", "))
        }
    };
    let mut rest = String::new();
    if !field.codes.is_empty() {
        let pairs: Vec<String> = field
            .codes
            .iter()
            .map(|(vendor, word)| format!("{} = {}", quoted(vendor), quoted(word)))
            .collect();
        let _ = write!(rest, ", codes = {{ {} }}", pairs.join(", "));
    }
    for more in &field.more {
        let _ = write!(rest, ", {more}");
    }
    match field.formats.as_slice() {
        [] => lines.push(format!("{start}{rest} }}")),
        [only] => lines.push(format!("{start}, format = {}{rest} }}", quoted(only))),
        several => {
            lines.push("# CHOOSE: day and month cannot be told apart in what was looked at; take the comment off one:".to_owned());
            lines.extend(
                several
                    .iter()
                    .map(|format| format!("# {start}, format = {}{rest} }}", quoted(format))),
            );
            if !field.field.required {
                // An optional field would be left out in silence: a key with no format is refused.
                lines.push(format!(
                    "{start} }}  # refused until a line above replaces it"
                ));
            }
        }
    }
    lines
}

/// A TOML string.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
