//! From text to meaning: looks up names, checks dates and ranges, resolves paths. Reports every problem of the
//! file before giving up. Sources, questions and checks each have a room of their own.

mod checks;
mod definitions;
mod exports;
mod questions;

use std::collections::BTreeMap;
use std::path::Path;

use super::file::PipelineFile;
use super::meaning::{District, Lake, Pipeline, Privacy, Reports};
use super::paths::{PathError, Roots};
use crate::builtin;
use crate::calendar::Calendar;
use crate::diagnostic::{Diagnostic, Place};
use crate::measure::Measure;
use crate::toml_section::{At, Source};

impl Pipeline {
    /// Reads and checks the pipeline file at `path`.
    ///
    /// # Errors
    /// Every problem of the file and of the mappings and measures it names, sorted by place.
    pub fn load(path: &Path) -> Result<Self, Vec<Diagnostic>> {
        let shown = path.display().to_string();
        let unreadable = |error: &dyn std::fmt::Display| {
            let place = Place {
                file: shown.clone(),
                line: 0,
                column: 0,
            };
            vec![Diagnostic::error(
                Some(place),
                format!("failed to read the pipeline file: {error}"),
            )]
        };
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error))?;
        let source = Source::new(shown.clone(), &text);
        let file = PipelineFile::read(&source);
        let named: Vec<String> = file.roots.iter().map(|root| root.value.clone()).collect();
        let roots = Roots::new(path, &named).map_err(|error| unreadable(&error))?;
        let resolver = Resolver {
            source: &source,
            roots,
            folder: path.parent().unwrap_or(Path::new(".")),
        };
        let pipeline = resolver.pipeline(path, &text, &file);
        let problems = source.into_problems();
        match pipeline {
            Some(pipeline) if problems.is_empty() => Ok(pipeline),
            _ => Err(problems),
        }
    }
}

struct Resolver<'s, 'i> {
    source: &'s Source<'i>,
    roots: Roots,
    folder: &'s Path,
}

impl Resolver<'_, '_> {
    fn pipeline(&self, path: &Path, text: &str, file: &PipelineFile) -> Option<Pipeline> {
        let measures = self.measures(file);
        let definitions = self.definitions(file, &measures);
        let calendar = self.calendar(file);
        let privacy = self.privacy(file);
        let lake = file.lake.as_ref().and_then(|lake| self.path(lake));
        let reports = file.reports.as_ref().and_then(|folder| self.path(folder));
        if let (Some(privacy), Some(lake), Some(key)) = (&privacy, &lake, &file.key)
            && privacy.key.starts_with(lake)
        {
            self.error(&key.place, "the pseudonym key must lie outside the lake");
        }
        self.unique(
            "source",
            file.sources.iter().filter_map(|entry| entry.id.as_ref()),
        );
        self.unique(
            "outcome",
            file.outcomes.iter().filter_map(|entry| entry.id.as_ref()),
        );
        self.unique(
            "exposure",
            file.exposures.iter().filter_map(|entry| entry.id.as_ref()),
        );
        self.unique(
            "study",
            file.studies.iter().filter_map(|entry| entry.id.as_ref()),
        );
        let sources: Vec<_> = file
            .sources
            .iter()
            .flat_map(|entry| self.exports(file, entry).unwrap_or_default())
            .collect();
        let outcomes: Vec<_> = file
            .outcomes
            .iter()
            .filter_map(|entry| self.outcome(&measures, &definitions, entry))
            .collect();
        let compared = self.compared(&definitions, &measures, file, &outcomes);
        let exposures: Vec<_> = file
            .exposures
            .iter()
            .filter_map(|entry| self.exposure(&measures, file, entry))
            .collect();
        self.draws(&measures, file, &exposures);
        let studies: Vec<_> = file
            .studies
            .iter()
            .filter_map(|entry| self.study(file, entry))
            .collect();
        let checks = self.checks(file, &sources);
        Some(Pipeline {
            name: path.file_stem()?.to_string_lossy().into_owned(),
            file: path.to_path_buf(),
            text: text.to_owned(),
            root: self.roots.project().to_path_buf(),
            roots: self.roots.clone(),
            district: District {
                name: file.district_name.as_ref()?.value.clone(),
                hourly_rate: file.hourly_rate.as_ref().map(|rate| rate.value),
            },
            calendar: calendar?,
            privacy: privacy?,
            lake: Lake { path: lake? },
            sources,
            outcomes,
            exposures,
            studies,
            reports: Reports { folder: reports? },
            checks,
            measures,
            compared,
        })
    }

    fn error(&self, place: &Place, message: impl Into<String>) {
        self.source
            .report(Diagnostic::error(Some(place.clone()), message));
    }

    fn path(&self, path: &At<String>) -> Option<std::path::PathBuf> {
        self.roots
            .resolve(&path.value)
            .map_err(|error| {
                let mut problem = Diagnostic::error(Some(path.place.clone()), error.to_string());
                if matches!(error, PathError::Escapes(_)) {
                    problem = problem.hint("paths stay inside the project; name another folder under `[paths] roots` to allow it");
                }
                self.source.report(problem);
            })
            .ok()
    }

    fn unique<'a>(&self, what: &str, ids: impl Iterator<Item = &'a At<String>>) {
        let mut seen: BTreeMap<&str, &Place> = BTreeMap::new();
        for id in ids {
            let well_formed = !id.value.is_empty()
                && id
                    .value
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            if !well_formed {
                self.error(
                    &id.place,
                    format!(
                        "{what} id `{}` may hold only letters, digits, `_` and `-`",
                        id.value
                    ),
                );
            }
            if let Some(first) = seen.insert(&id.value, &id.place) {
                self.error(
                    &id.place,
                    format!(
                        "{what} id `{}` stands twice, first at line {}",
                        id.value, first.line
                    ),
                );
            }
        }
    }

    fn calendar(&self, file: &PipelineFile) -> Option<Calendar> {
        let year_starts = match &file.year_starts {
            None => Some((7, 1)),
            Some(typed) => {
                let parsed = month_day(&typed.value);
                if parsed.is_none() {
                    self.source.report(
                        Diagnostic::error(
                            Some(typed.place.clone()),
                            format!("`{}` is not a day of the year", typed.value),
                        )
                        .hint("write month and day, such as `07-01`"),
                    );
                }
                parsed
            }
        };
        let year = |typed: &At<i64>| {
            let year = i32::try_from(typed.value)
                .ok()
                .filter(|year| (1990..=2100).contains(year));
            if year.is_none() {
                self.source.report(
                    Diagnostic::error(
                        Some(typed.place.clone()),
                        "a school year must lie between 1990 and 2100",
                    )
                    .hint("a school year is named by the year it ends in: 2025 is 2024-25"),
                );
            }
            year
        };
        let first = file.first_year.as_ref().and_then(year);
        let last = file.last_year.as_ref().and_then(year);
        if let (Some(first), Some(last), Some(typed)) = (first, last, &file.last_year)
            && last < first
        {
            self.error(&typed.place, "`last_year` comes before `first_year`");
        }
        let counts_from = file.counts_from.as_ref();
        if let Some(typed) = counts_from.filter(|share| !(0.0..=1.0).contains(&share.value)) {
            self.error(&typed.place, "`counts_from` must lie between 0 and 1");
        }
        Some(Calendar {
            year_starts: year_starts?,
            years: (first?, last?),
            counts_from: counts_from.map_or(Calendar::COUNTS_FROM, |share| share.value),
        })
    }

    fn privacy(&self, file: &PipelineFile) -> Option<Privacy> {
        let floor = |typed: &Option<At<i64>>, default: u32, name: &str| match typed {
            None => default,
            Some(typed) => u32::try_from(typed.value)
                .ok()
                .filter(|floor| *floor >= 1)
                .unwrap_or_else(|| {
                    self.error(&typed.place, format!("`{name}` must be at least 1"));
                    default
                }),
        };
        let (students, teachers, schools) = Privacy::FLOORS;
        Some(Privacy {
            min_students: floor(&file.min_students, students, "min_students"),
            min_teachers: floor(&file.min_teachers, teachers, "min_teachers"),
            min_schools: floor(&file.min_schools, schools, "min_schools"),
            create_key: file.create_key.as_ref().is_some_and(|flag| flag.value),
            key: self.path(file.key.as_ref()?)?,
        })
    }

    /// Built-in measures, replaced and joined by those of the pipeline's own folder.
    fn measures(&self, file: &PipelineFile) -> Vec<Measure> {
        let mut texts: BTreeMap<String, (String, String)> = builtin::measures()
            .iter()
            .map(|(name, sql)| {
                (
                    (*name).to_owned(),
                    (format!("built-in measure {name}"), (*sql).to_owned()),
                )
            })
            .collect();
        let folder = match &file.measures {
            Some(named) => self.path(named),
            None => Some(self.folder.join("measures")).filter(|folder| folder.is_dir()),
        };
        let listed = folder.and_then(|folder| std::fs::read_dir(folder).ok());
        for entry in listed.into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "sql")
                && let Ok(sql) = std::fs::read_to_string(&path)
            {
                let name = path
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                texts.insert(name, (path.display().to_string(), sql));
            }
        }
        let mut measures = Vec::new();
        for (name, (shown, sql)) in &texts {
            match Measure::parse(shown, name, sql) {
                Ok(measure) => measures.push(measure),
                Err(problems) => problems
                    .into_iter()
                    .for_each(|problem| self.source.report(problem)),
            }
        }
        measures
    }
}

fn month_day(text: &str) -> Option<(u32, u32)> {
    let (month, day) = text.split_once('-')?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    chrono::NaiveDate::from_ymd_opt(2023, month, day).map(|_| (month, day))
}
