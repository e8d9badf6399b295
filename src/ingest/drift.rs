//! Tonight's header against its mapping: what was added, dropped and renamed, and the lines of the mapping to change. A lost
//! required column refuses the run (see [`crate::layout`]); this says what became of it. Where columns are gone a sample of
//! the file is read, and only then: columns are told by their cells as well as by their names.

use throughline_model::mapping::{Mapping, Origin};
use throughline_model::propose::drift::{self, Drift};
use throughline_model::{Diagnostic, Place, Severity};

use crate::layout::{Header, Layout, Lost, Read, Unread};
use crate::listing::Listed;
use crate::preview;
use crate::profile;

/// Records looked at.
const SAMPLE: usize = 200;
/// Files that are named where the same holds of several.
const NAMED: usize = 6;

/// A header that was read, and everything that has to be said of it; or why it is refused.
pub(crate) fn explained(
    read: Read,
    listed: &Listed,
    mapping: &Mapping,
) -> Result<(Layout, Vec<Diagnostic>), Vec<Diagnostic>> {
    match read {
        Ok((layout, header)) => Ok((layout, told(header, listed, mapping, Severity::Warning))),
        Err(header) => Err(told(header, listed, mapping, Severity::Error)),
    }
}

fn told(header: Header, listed: &Listed, mapping: &Mapping, severity: Severity) -> Vec<Diagnostic> {
    let about = About {
        listed,
        mapping,
        severity,
        line: u32::try_from(header.line).unwrap_or(u32::MAX),
    };
    let mut told = header.told;
    let drift = (!header.lost.is_empty()).then(|| about.drift()).flatten();
    match drift {
        Some(drift) => told.push(about.changed(&drift)),
        None => {
            told.extend(header.lost.iter().filter_map(|lost| about.lost(lost)));
            // What else is new matters where the file is read.
            if severity == Severity::Warning {
                told.extend(about.unread(&header.unread));
            }
        }
    }
    told
}

/// The header of one file that is not its mapping's.
struct About<'a> {
    listed: &'a Listed,
    mapping: &'a Mapping,
    severity: Severity,
    line: u32,
}

impl About<'_> {
    fn diagnostic(&self, column: usize, message: String) -> Diagnostic {
        let place = Place {
            file: self.listed.shown.clone(),
            line: self.line,
            column: u32::try_from(column).unwrap_or_default(),
        };
        Diagnostic {
            severity: self.severity,
            ..Diagnostic::error(Some(place), message)
        }
    }

    /// What became of columns that are gone; `None` where it cannot be found out.
    fn drift(&self) -> Option<Drift> {
        let mapping = self.mapping;
        if mapping.dialect.is_nested() || !mapping.lookups.is_empty() {
            return None;
        }
        let read = preview::read(self.listed, &mapping.dialect, SAMPLE).ok()?;
        let expected = mapping
            .columns
            .iter()
            .filter_map(|field| match &field.from {
                Origin::Header(names) | Origin::Joined(names) => Some(names),
                Origin::Constant(_) => None,
            });
        let there = |name: &String| {
            read.names
                .iter()
                .any(|other| other.trim().eq_ignore_ascii_case(name.trim()))
        };
        if !expected.flatten().any(there) {
            // Nothing shows that the first line is a header: it is not quoted.
            return None;
        }
        let vocabulary = drift::vocabulary(mapping);
        let drift = drift::drift(mapping, &profile::columns(&read, &vocabulary), &vocabulary);
        (!drift.dropped.is_empty() || !drift.renamed.is_empty()).then_some(drift)
    }

    /// The whole change, a line for what was renamed, what dropped, what added, and a hint for each line to edit.
    fn changed(&self, drift: &Drift) -> Diagnostic {
        let message = format!(
            "the header is not that of mapping `{}`:{}",
            self.mapping.name,
            self.spoken(drift)
        );
        let mut told = self.diagnostic(0, message);
        if !drift.renamed.is_empty() || !drift.added.is_empty() {
            told = self.edits(told, &drift.edit);
        }
        told
    }

    fn spoken(&self, drift: &Drift) -> String {
        let left = match self.severity {
            Severity::Error => "would be empty",
            Severity::Warning => "is left empty",
        };
        let mut said = String::new();
        for (old, new, field, sure, required) in &drift.renamed {
            let what = if *required {
                ", which must not be empty,"
            } else {
                ""
            };
            said.push_str(&format!(
                "\n  renamed: `{old}` is probably `{new}` now ({:.0} % sure); `{field}`{what} comes from it",
                100.0 * sure
            ));
        }
        for (old, field, required) in &drift.dropped {
            let what = if *required { "must not be empty" } else { left };
            said.push_str(&format!("\n  dropped: `{old}` is gone (`{field}` {what})"));
        }
        for name in &drift.added {
            said.push_str(&format!("\n  added: `{name}` is new and is not read"));
        }
        said
    }

    fn lost(&self, lost: &Lost) -> Option<Diagnostic> {
        if self.severity == Severity::Error && !lost.required {
            return None;
        }
        let message = format!(
            "column `{}` is missing (`{}` of table `{}` comes from it)",
            lost.names, lost.field, self.mapping.table.name
        );
        let told = self.diagnostic(0, message);
        Some(match &lost.near {
            Some(near) if lost.required => {
                told.hint(format!("the nearest column there is `{near}`"))
            }
            _ => told,
        })
    }

    /// Columns that the mapping does not know, together.
    fn unread(&self, unread: &[Unread]) -> Option<Diagnostic> {
        let (first, others) = unread.split_first()?;
        let names: Vec<String> = unread.iter().map(|new| format!("`{}`", new.name)).collect();
        let message = format!(
            "{} {} {} not known to mapping `{}` and {} not read",
            if others.is_empty() {
                "column"
            } else {
                "columns"
            },
            names.join(", "),
            if others.is_empty() { "is" } else { "are" },
            self.mapping.name,
            if others.is_empty() { "is" } else { "are" },
        );
        let at = if others.is_empty() { first.at } else { 0 };
        let mut told = self.diagnostic(at, message);
        for new in unread {
            told = match &new.near {
                Some(near) if others.is_empty() => told.hint(format!("did you mean `{near}`?")),
                Some(near) => told.hint(format!("`{}`: did you mean `{near}`?", new.name)),
                None => told,
            };
        }
        let names = unread.iter().map(|new| new.name.clone());
        Some(self.edits(told, &[drift::ignoring(self.mapping, names)]))
    }

    /// Lines of the mapping to change, and where it is if it has no file yet.
    fn edits(&self, told: Diagnostic, lines: &[String]) -> Diagnostic {
        let name = &self.mapping.name;
        let told = lines.iter().fold(told, |told, line| {
            told.hint(format!("in `{name}.toml`: {line}"))
        });
        if !self.mapping.shipped {
            return told;
        }
        told.hint(format!(
            "`{name}` comes with Throughline; `throughline map --shipped {name} --out pipelines/mappings/{name}.toml` makes it a file of yours"
        ))
    }
}

/// Says once what holds of several files, and of which.
pub(crate) fn gathered(told: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut kept: Vec<(Diagnostic, Vec<String>)> = Vec::new();
    for diagnostic in told {
        let same = |(other, _): &&mut (Diagnostic, Vec<String>)| {
            (&other.severity, &other.message, &other.hints)
                == (&diagnostic.severity, &diagnostic.message, &diagnostic.hints)
        };
        match kept.iter_mut().find(same) {
            Some((_, more)) => more.extend(diagnostic.place.map(|place| place.file)),
            None => kept.push((diagnostic, Vec::new())),
        }
    }
    let several = |(told, files): (Diagnostic, Vec<String>)| {
        let some = files.iter().take(NAMED).map(|file| format!("`{file}`"));
        let some: Vec<String> = some.collect();
        match files.len().saturating_sub(NAMED) {
            _ if some.is_empty() => told,
            0 => told.hint(format!("the same holds of {}", some.join(", "))),
            more => told.hint(format!(
                "the same holds of {} and {more} more",
                some.join(", ")
            )),
        }
    };
    kept.into_iter().map(several).collect()
}
