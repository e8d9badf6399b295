//! Definitions of measures: those that come with Throughline, replaced and joined by those of the pipeline's own folder; the one that an
//! outcome goes by, and those that stand beside it.

use std::path::Path;

use super::Resolver;
use crate::builtin;
use crate::definition::{Compared, Definition};
use crate::diagnostic::Diagnostic;
use crate::measure::Measure;
use crate::pipeline::file::{OutcomeEntry, PipelineFile};
use crate::pipeline::meaning::{Outcome, Params};
use crate::suggest::nearest;
use crate::toml_section::At;

impl Resolver<'_, '_> {
    /// Every definition, by measure and in the order of their files; an own one takes the place of a built-in one of its name.
    pub(super) fn definitions(&self, file: &PipelineFile, measures: &[Measure]) -> Vec<Definition> {
        let mut all: Vec<Definition> = Vec::new();
        let mut take = |found: Vec<Definition>| {
            for one in found {
                let same =
                    |known: &&mut Definition| known.measure == one.measure && known.id == one.id;
                match all.iter_mut().find(same) {
                    Some(known) => *known = one,
                    None => all.push(one),
                }
            }
        };
        for (name, text) in builtin::definitions() {
            // They do not fit a measure that the pipeline has put in place of the one that comes with Throughline.
            take(Definition::parse(name, name, text, measures).unwrap_or_default());
        }
        let folder = match &file.definitions {
            Some(named) => self.path(named),
            None => Some(self.folder.join("definitions")).filter(|folder| folder.is_dir()),
        };
        for (shown, name, text) in folder.as_deref().map(own).unwrap_or_default() {
            match Definition::parse(&shown, &name, &text, measures) {
                Ok(found) => take(found),
                Err(problems) => {
                    for problem in problems {
                        self.source.report(problem);
                    }
                }
            }
        }
        all
    }

    /// The parameters of an outcome: its own, then those of the definition that it goes by, then the measure's. `params` are its own and
    /// the measure's.
    pub(super) fn defined(
        &self,
        definitions: &[Definition],
        entry: &OutcomeEntry,
        measure: &Measure,
        params: Params,
    ) -> Params {
        let chosen = entry
            .definition
            .as_ref()
            .and_then(|typed| self.definition(definitions, measure, typed));
        let Some(chosen) = chosen else {
            return params;
        };
        let mut merged = chosen.params.clone();
        for (key, value) in &entry.measure.params {
            merged.insert(key.value.clone(), value.value.clone());
        }
        params
            .into_iter()
            .map(|(key, value)| match merged.remove(&key) {
                Some(said) => (key, said),
                None => (key, value),
            })
            .collect()
    }

    /// What stands beside each outcome whose measure has definitions.
    pub(super) fn compared(
        &self,
        definitions: &[Definition],
        measures: &[Measure],
        file: &PipelineFile,
        outcomes: &[Outcome],
    ) -> Vec<Compared> {
        let mut compared = Vec::new();
        for (place, outcome) in outcomes.iter().enumerate() {
            let mut entries = file.outcomes.iter();
            let entry =
                entries.find(|entry| entry.id.as_ref().is_some_and(|id| id.value == outcome.id));
            let measure = measures.iter().find(|one| one.name == outcome.measure);
            let (Some(entry), Some(measure)) = (entry, measure) else {
                continue;
            };
            let chosen = entry.definition.as_ref().map(|typed| typed.value.as_str());
            let of_measure = || definitions.iter().filter(|one| one.measure == measure.name);
            let beside: Vec<Definition> = match &entry.beside {
                None => of_measure().cloned().collect(),
                Some(named) => named
                    .iter()
                    .filter_map(|typed| self.definition(definitions, measure, typed).cloned())
                    .collect(),
            };
            compared.push(Compared {
                outcome: place,
                // An outcome that changes a definition's parameters does not go by it.
                chosen: of_measure()
                    .find(|one| {
                        one.params == outcome.params && chosen.is_none_or(|id| id == one.id)
                    })
                    .cloned(),
                beside: beside
                    .into_iter()
                    .filter(|one| one.params != outcome.params)
                    .collect(),
            });
        }
        compared.retain(|one| !one.beside.is_empty());
        compared
    }

    fn definition<'d>(
        &self,
        definitions: &'d [Definition],
        measure: &Measure,
        typed: &At<String>,
    ) -> Option<&'d Definition> {
        let of_measure = || definitions.iter().filter(|one| one.measure == measure.name);
        let found = of_measure().find(|one| one.id == typed.value);
        if found.is_none() {
            let message = format!(
                "measure `{}` has no definition `{}`",
                measure.name, typed.value
            );
            let near = nearest(&typed.value, of_measure().map(|one| one.id.as_str()));
            self.source
                .report(Diagnostic::error(Some(typed.place.clone()), message).did_you_mean(near));
        }
        found
    }
}

/// The files of a folder of definitions, by name: as they are shown, the measure's name, the text.
fn own(folder: &Path) -> Vec<(String, String, String)> {
    let listed = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = listed
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .filter_map(|path| {
            let text = std::fs::read_to_string(&path).ok()?;
            let name = path.file_stem()?.to_string_lossy().into_owned();
            Some((path.display().to_string(), name, text))
        })
        .collect();
    files.sort();
    files
}
