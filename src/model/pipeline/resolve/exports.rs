//! Sources: which files, in which vendor format, and who answers for them.

use super::Resolver;
use crate::builtin;
use crate::diagnostic::Diagnostic;
use crate::mapping::Mapping;
use crate::pipeline::file::{PipelineFile, SourceEntry};
use crate::pipeline::meaning::Source as ExportSource;
use crate::quality;
use crate::suggest::nearest;
use crate::toml_section::At;

const DEFAULT_MAX_REJECTED: f64 = 0.01;

impl Resolver<'_, '_> {
    /// The source, or one for each mapping of the bundle that it names.
    pub(super) fn exports(
        &self,
        file: &PipelineFile,
        entry: &SourceEntry,
    ) -> Option<Vec<ExportSource>> {
        let files = entry.files.as_ref().and_then(|files| {
            let (folder, pattern) = files.value.rsplit_once('/').unwrap_or((".", &files.value));
            if folder.contains(['*', '?']) {
                self.error(
                    &files.place,
                    "a pattern may stand only in the file name, not in a folder's",
                );
                return None;
            }
            let folder = self.path(&At {
                value: folder.to_owned(),
                place: files.place.clone(),
            })?;
            Some((folder, pattern.to_owned()))
        });
        let mut mappings = entry
            .mapping
            .as_ref()
            .and_then(|mapping| self.mappings(file, mapping));
        for (column, ids) in &entry.ids {
            // Of a bundle, the mappings that have the column are meant.
            let told = mappings
                .iter_mut()
                .flatten()
                .map(|(_, mapping, _)| mapping.choose_among(&column.value, ids));
            let told: Vec<Result<(), String>> = told.collect();
            if told.iter().all(Result::is_err)
                && let Some(Err(message)) = told.into_iter().next()
            {
                self.error(&column.place, message);
            }
        }
        let mut read: Vec<&mut Mapping> = mappings
            .iter_mut()
            .flatten()
            .map(|(_, mapping, _)| mapping)
            .collect();
        if !read.is_empty() {
            entry.declared.apply(self.source, &mut read);
        }
        let max_rejected = entry
            .max_rejected
            .as_ref()
            .map_or(DEFAULT_MAX_REJECTED, |share| {
                if !(0.0..=1.0).contains(&share.value) {
                    self.error(&share.place, "`max_rejected` is a share between 0 and 1");
                }
                share.value
            });
        let (folder, pattern) = files?;
        let id = &entry.id.as_ref()?.value;
        let optional = entry.optional.as_ref().is_some_and(|flag| flag.value);
        let sources = mappings?
            .into_iter()
            .map(|(part, mapping, may_miss)| ExportSource {
                id: match part {
                    Some(part) => format!("{id}-{part}"),
                    None => id.clone(),
                },
                folder: folder.clone(),
                pattern: pattern.clone(),
                owner: entry.owner.as_ref().map_or_else(
                    || quality::owner(mapping.table.name).to_owned(),
                    |owner| owner.value.clone(),
                ),
                mapping,
                max_rejected,
                optional: optional || may_miss,
            });
        Some(sources.collect())
    }

    /// The mapping of this name, or those of the bundle of this name: what tells them apart, the mapping, and whether
    /// it may have no file.
    fn mappings(
        &self,
        file: &PipelineFile,
        name: &At<String>,
    ) -> Option<Vec<(Option<String>, Mapping, bool)>> {
        let report = |problems: Vec<Diagnostic>| {
            problems
                .into_iter()
                .for_each(|problem| self.source.report(problem));
        };
        let (shown, text, shipped) = self.mapping_text(file, name)?;
        let parts = match Mapping::bundle(&shown, &text) {
            Ok(Some(parts)) => parts,
            Ok(None) => {
                let mapping = Mapping::parse(&shown, &name.value, &text)
                    .map_err(report)
                    .ok()?;
                return Some(vec![(None, Mapping { shipped, ..mapping }, false)]);
            }
            Err(problems) => {
                report(problems);
                return None;
            }
        };
        let mut mappings = Vec::new();
        for (part, may_miss) in parts {
            let at = At {
                value: part,
                place: name.place.clone(),
            };
            let (shown, text, shipped) = self.mapping_text(file, &at)?;
            let mapping = Mapping::parse(&shown, &at.value, &text)
                .map_err(report)
                .ok()?;
            let short = at
                .value
                .strip_prefix(&name.value)
                .map(|rest| rest.trim_start_matches('_'));
            let short = short
                .filter(|rest| !rest.is_empty())
                .unwrap_or(&at.value)
                .to_owned();
            mappings.push((Some(short), Mapping { shipped, ..mapping }, may_miss));
        }
        Some(mappings)
    }

    /// A mapping's file by name, as it is shown, its text, and whether it is a built-in one: the pipeline's own `mappings`
    /// folder comes first.
    fn mapping_text(
        &self,
        file: &PipelineFile,
        name: &At<String>,
    ) -> Option<(String, String, bool)> {
        let folder = match &file.mappings {
            Some(named) => self.path(named)?,
            None => self.folder.join("mappings"),
        };
        let path = folder.join(format!("{}.toml", name.value));
        let built_in = builtin::mappings()
            .iter()
            .find(|(known, _)| *known == name.value);
        Some(match (std::fs::read_to_string(&path), built_in) {
            (Ok(text), _) => (path.display().to_string(), text, false),
            (Err(_), Some((known, text))) => {
                let shown = format!("built-in mapping {known}");
                (shown, (*text).to_owned(), true)
            }
            (Err(_), None) => {
                let near = nearest(
                    &name.value,
                    builtin::mappings().iter().map(|(known, _)| *known),
                );
                self.source.report(
                    Diagnostic::error(
                        Some(name.place.clone()),
                        format!("no mapping is named `{}`", name.value),
                    )
                    .did_you_mean(near),
                );
                return None;
            }
        })
    }
}
