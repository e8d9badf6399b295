//! Why the people of a failed check are nobody, as far as the files themselves can tell: the lake knows pseudonyms only, so the reader
//! is asked to look at the IDs once more.

use std::collections::BTreeSet;

use throughline_ingest::Suspect;
use throughline_model::Pipeline;
use throughline_model::quality::{Checked, Reason, State};

/// The rule whose failures are looked into.
const LINKED: &str = "linked";

/// Adds to every failed check of people what its files say about the cause. A cause is a help: that none can be looked for stops nothing.
pub(super) fn add(pipeline: &Pipeline, checked: &mut Checked) {
    let failed = |checked: &Checked| -> BTreeSet<Suspect> {
        let failed = checked.checks.iter().filter(|check| check.rule == LINKED);
        let failed = failed.filter(|check| check.state == State::Failed);
        failed
            .flat_map(|check| {
                let of_check = checked.unlinked.iter().filter(|found| {
                    found.table == check.table
                        && check.id.ends_with(&format!(".{}", found.column))
                        && matches!(found.reason, Reason::Unknown | Reason::NotListed)
                });
                of_check.map(|found| Suspect {
                    source: found.source.clone(),
                    column: found.column.clone(),
                })
            })
            .collect()
    };
    let suspects: Vec<Suspect> = failed(checked).into_iter().collect();
    let Ok(causes) = throughline_ingest::causes(pipeline, &suspects) else {
        return;
    };
    for check in &mut checked.checks {
        if check.rule != LINKED || check.state != State::Failed {
            continue;
        }
        let told: BTreeSet<&str> = causes
            .iter()
            .filter(|cause| {
                check.id.ends_with(&format!(".{}", cause.column))
                    && pipeline.sources.iter().any(|source| {
                        source.id == cause.source && source.mapping.table.name == check.table
                    })
            })
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
