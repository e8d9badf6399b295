//! Tonight's header against its mapping, where columns are gone: what was added, dropped and renamed, and the lines of the
//! mapping to change. A lost required column refuses the run (see [`crate::layout`]); this says what became of it. A sample
//! of the file is read for that, and only then: columns are told by their cells as well as by their names.

use throughline_model::mapping::{Mapping, Origin};
use throughline_model::propose::drift::{self, Drift};
use throughline_model::{Diagnostic, Place};

use crate::layout::{Fill, Read};
use crate::listing::Listed;
use crate::preview;
use crate::profile;

/// Records looked at.
const SAMPLE: usize = 200;

/// A header that was read, with what became of columns that are gone.
pub(crate) fn explained(read: Read, listed: &Listed, mapping: &Mapping) -> Read {
    match read {
        Ok((layout, mut warnings)) => {
            let absent = |field: &throughline_model::mapping::Field| {
                matches!(field.from, Origin::Header(_))
                    && layout.columns[field.column] == Fill::Absent
            };
            if mapping.columns.iter().any(absent) {
                warnings.extend(diagnosed(listed, mapping, false));
            }
            Ok((layout, warnings))
        }
        Err(mut problems) => {
            problems.extend(diagnosed(listed, mapping, true));
            Err(problems)
        }
    }
}

fn diagnosed(listed: &Listed, mapping: &Mapping, refused: bool) -> Option<Diagnostic> {
    if mapping.dialect.is_nested() || !mapping.lookups.is_empty() {
        return None;
    }
    let read = preview::read(listed, &mapping.dialect, SAMPLE).ok()?;
    let expected = mapping
        .columns
        .iter()
        .filter_map(|field| match &field.from {
            Origin::Header(names) => Some(names),
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
    if drift.dropped.is_empty() && drift.renamed.is_empty() {
        return None;
    }
    let place = Some(Place {
        file: listed.shown.clone(),
        line: 0,
        column: 0,
    });
    let message = format!(
        "the header is not that of mapping `{}`: {}",
        mapping.name,
        spoken(&drift).join("; ")
    );
    let diagnostic = if refused {
        Diagnostic::error(place, message)
    } else {
        Diagnostic::warning(place, message)
    };
    let hinted = drift.edit.iter().fold(diagnostic, |diagnostic, line| {
        diagnostic.hint(format!("in the mapping: {line}"))
    });
    Some(hinted)
}

fn spoken(drift: &Drift) -> Vec<String> {
    let mut said = Vec::new();
    for (old, new, field, sure, _) in &drift.renamed {
        said.push(format!(
            "`{old}` is probably `{new}` now ({:.0} % sure; `{field}` comes from it)",
            100.0 * sure
        ));
    }
    for (old, field, required) in &drift.dropped {
        let what = if *required {
            "must not be empty"
        } else {
            "would be empty"
        };
        said.push(format!("`{old}` is gone (`{field}` {what})"));
    }
    for name in &drift.added {
        said.push(format!("`{name}` is new"));
    }
    said
}
