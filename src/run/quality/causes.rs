//! Why the IDs of a failed check are nobody's, as far as the files themselves can tell: the lake knows pseudonyms only, so the reader
//! is asked to look at the IDs once more.

use std::collections::BTreeSet;

use throughline_ingest::Suspect;
use throughline_model::Pipeline;
use throughline_model::check::Rule;
use throughline_model::quality::{Checked, Checkup, Reason, State};

/// Adds to every failed check of IDs what its files say about the cause. A cause is a help: that none can be looked for stops nothing.
pub(super) fn add(pipeline: &Pipeline, checked: &mut Checked) {
    let suspected: Vec<BTreeSet<Suspect>> = checked
        .checks
        .iter()
        .map(|check| match check.state {
            State::Failed => suspects(pipeline, checked, check),
            _ => BTreeSet::new(),
        })
        .collect();
    let all: BTreeSet<&Suspect> = suspected.iter().flatten().collect();
    let all: Vec<Suspect> = all.into_iter().cloned().collect();
    let Ok(causes) = throughline_ingest::causes(pipeline, &all) else {
        return;
    };
    for (check, suspects) in checked.checks.iter_mut().zip(suspected) {
        let told: BTreeSet<&str> = causes
            .iter()
            .filter(|cause| suspects.contains(&cause.suspect))
            .map(|cause| cause.told.as_str())
            .collect();
        if told.is_empty() {
            continue;
        }
        if check.found.is_empty() {
            check.found = format!("{} of {} rows break it", check.broken, check.rows);
        }
        for told in told {
            check.found.push_str("; ");
            check.found.push_str(told);
        }
    }
}

/// The columns of the sources that a failed check is about.
fn suspects(pipeline: &Pipeline, checked: &Checked, check: &Checkup) -> BTreeSet<Suspect> {
    let declared = pipeline.checks.iter().find(|known| known.id() == check.id);
    match declared.map(|known| &known.rule) {
        Some(Rule::Linked { column, .. }) => {
            let found = checked.unlinked.iter().filter(|found| {
                found.table == check.table
                    && found.column == *column
                    && matches!(found.reason, Reason::Unknown | Reason::NotListed)
            });
            let suspect = |source: &str| Suspect {
                source: source.to_owned(),
                column: (*column).to_owned(),
                refers: None,
            };
            found.map(|found| suspect(&found.source)).collect()
        }
        Some(Rule::Refers { column, to, key }) => {
            let sources = pipeline.sources.iter().filter(|source| {
                source.mapping.table.name == check.table && source.mapping.field(column).is_some()
            });
            let suspect = |source: &str| Suspect {
                source: source.to_owned(),
                column: (*column).to_owned(),
                refers: Some((to.name.to_owned(), (*key).to_owned())),
            };
            sources.map(|source| suspect(&source.id)).collect()
        }
        _ => BTreeSet::new(),
    }
}
