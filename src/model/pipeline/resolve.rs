//! From text to meaning: looks up names, checks dates and ranges, resolves paths. Reports every problem of the
//! file before giving up.

use std::collections::BTreeMap;
use std::path::Path;

use super::file::{ExposureEntry, MeasureUse, OutcomeEntry, PipelineFile, SourceEntry, StudyEntry};
use super::meaning::{
    Design, District, Exposure, Lake, Outcome, Params, Pipeline, Privacy, Reports,
    Source as ExportSource, Study, Subgroup, Window,
};
use super::paths::{PathError, Roots};
use crate::builtin;
use crate::calendar::Calendar;
use crate::diagnostic::{Diagnostic, Place};
use crate::mapping::Mapping;
use crate::measure::{Absent, Measure, Role};
use crate::suggest::nearest;
use crate::table::Kind;
use crate::tables;
use crate::toml_section::{At, Source};

const DEFAULT_MAX_REJECTED: f64 = 0.01;
const DEFAULT_SMALLEST_DIFFERENCE: f64 = 0.05;
const DEFAULT_COVARIATES: [&str; 3] = [
    "economically_disadvantaged",
    "english_learner",
    "disability",
];

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
            .filter_map(|entry| self.outcome(&measures, entry))
            .collect();
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
            measures,
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
        Some(Calendar {
            year_starts: year_starts?,
            years: (first?, last?),
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
        Some(Privacy {
            min_students: floor(&file.min_students, 10, "min_students"),
            min_teachers: floor(&file.min_teachers, 5, "min_teachers"),
            min_schools: floor(&file.min_schools, 3, "min_schools"),
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

    /// The source, or one for each mapping of the bundle that it names.
    fn exports(&self, file: &PipelineFile, entry: &SourceEntry) -> Option<Vec<ExportSource>> {
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
        let mappings = entry
            .mapping
            .as_ref()
            .and_then(|mapping| self.mappings(file, mapping));
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
        let (shown, text) = self.mapping_text(file, name)?;
        let parts = match Mapping::bundle(&shown, &text) {
            Ok(Some(parts)) => parts,
            Ok(None) => {
                let mapping = Mapping::parse(&shown, &name.value, &text)
                    .map_err(report)
                    .ok()?;
                return Some(vec![(None, mapping, false)]);
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
            let (shown, text) = self.mapping_text(file, &at)?;
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
            mappings.push((Some(short), mapping, may_miss));
        }
        Some(mappings)
    }

    /// A mapping's file by name, as it is shown, and its text: the pipeline's own `mappings` folder first, then the
    /// built-in ones.
    fn mapping_text(&self, file: &PipelineFile, name: &At<String>) -> Option<(String, String)> {
        let folder = match &file.mappings {
            Some(named) => self.path(named)?,
            None => self.folder.join("mappings"),
        };
        let path = folder.join(format!("{}.toml", name.value));
        let built_in = builtin::mappings()
            .iter()
            .find(|(known, _)| *known == name.value);
        Some(match (std::fs::read_to_string(&path), built_in) {
            (Ok(text), _) => (path.display().to_string(), text),
            (Err(_), Some((known, text))) => {
                (format!("built-in mapping {known}"), (*text).to_owned())
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

    /// The measure that is named, with its parameters filled in.
    fn measure<'m>(
        &self,
        measures: &'m [Measure],
        used: &MeasureUse,
        role: Role,
    ) -> Option<(&'m Measure, Params)> {
        let name = used.name.as_ref()?;
        let fitting = || {
            measures
                .iter()
                .filter(|measure| measure.role == role)
                .map(|measure| measure.name.as_str())
        };
        let Some(measure) = measures
            .iter()
            .find(|measure| measure.name == name.value && measure.role == role)
        else {
            let what = if role == Role::Outcome {
                "outcome"
            } else {
                "exposure"
            };
            self.source.report(
                Diagnostic::error(
                    Some(name.place.clone()),
                    format!("no {what} measure is named `{}`", name.value),
                )
                .did_you_mean(nearest(&name.value, fitting())),
            );
            return None;
        };
        let mut params: Params = measure
            .params
            .iter()
            .filter_map(|(key, default)| Some((key.clone(), default.clone()?)))
            .collect();
        for (key, value) in &used.params {
            if measure.params.iter().any(|(known, _)| *known == key.value) {
                params.insert(key.value.clone(), value.value.clone());
            } else {
                let near = nearest(
                    &key.value,
                    measure.params.iter().map(|(known, _)| known.as_str()),
                );
                let message = format!(
                    "measure `{}` has no parameter `{}`",
                    measure.name, key.value
                );
                self.source
                    .report(Diagnostic::error(Some(key.place.clone()), message).did_you_mean(near));
            }
        }
        for (key, _) in &measure.params {
            if !params.contains_key(key) {
                self.error(
                    &name.place,
                    format!("measure `{}` needs the parameter `{key}`", measure.name),
                );
            }
        }
        Some((measure, params))
    }

    fn outcome(&self, measures: &[Measure], entry: &OutcomeEntry) -> Option<Outcome> {
        let measure = self.measure(measures, &entry.measure, Role::Outcome);
        let higher_is_better =
            entry
                .better
                .as_ref()
                .is_none_or(|better| match better.value.as_str() {
                    "higher" => true,
                    "lower" => false,
                    other => {
                        self.error(
                            &better.place,
                            format!("`better` is `higher` or `lower`, not `{other}`"),
                        );
                        true
                    }
                });
        if let Some(subject) = &entry.subject
            && let Some(Kind::Code(words)) = tables::find("section")
                .and_then(|t| t.column("subject"))
                .map(|c| c.kind)
            && !words.contains(&subject.value.as_str())
        {
            let near = nearest(&subject.value, words.iter().copied());
            let message = format!("no section has the subject `{}`", subject.value);
            self.source
                .report(Diagnostic::error(Some(subject.place.clone()), message).did_you_mean(near));
        }
        let smallest =
            entry
                .smallest_difference
                .as_ref()
                .map_or(DEFAULT_SMALLEST_DIFFERENCE, |smallest| {
                    if smallest.value <= 0.0 {
                        self.error(&smallest.place, "`smallest_difference` must be above 0");
                    }
                    smallest.value
                });
        let (measure, params) = measure?;
        Some(Outcome {
            id: entry.id.as_ref()?.value.clone(),
            label: entry.label.as_ref()?.value.clone(),
            measure: measure.name.clone(),
            params,
            domain: entry.domain.as_ref()?.value.clone(),
            subject: entry.subject.as_ref().map(|subject| subject.value.clone()),
            higher_is_better,
            kind: measure.kind,
            unit: measure.unit.clone(),
            smallest_difference: smallest,
        })
    }

    fn exposure(
        &self,
        measures: &[Measure],
        file: &PipelineFile,
        entry: &ExposureEntry,
    ) -> Option<Exposure> {
        let measure = self.measure(measures, &entry.measure, Role::Exposure);
        let window = entry
            .window
            .as_ref()
            .map_or(Some(Window::PriorYear), |window| {
                match window.value.as_str() {
                    "prior_year" => Some(Window::PriorYear),
                    "same_year" => Some(Window::SameYear),
                    "to_date" => Some(Window::ToDate),
                    other => {
                        self.source.report(
                            Diagnostic::error(
                                Some(window.place.clone()),
                                format!("unknown window `{other}`"),
                            )
                            .did_you_mean(nearest(other, ["prior_year", "same_year", "to_date"]))
                            .hint("windows: `prior_year`, `same_year`, `to_date`"),
                        );
                        None
                    }
                }
            });
        let per = entry.per.as_ref().map_or(1.0, |per| {
            if per.value <= 0.0 {
                self.error(&per.place, "`per` must be above 0");
            }
            per.value
        });
        let assignment = entry
            .assignment
            .as_ref()
            .and_then(|typed| self.exposure_named(file, typed));
        let (measure, params) = measure?;
        Some(Exposure {
            id: entry.id.as_ref()?.value.clone(),
            label: entry.label.as_ref()?.value.clone(),
            measure: measure.name.clone(),
            params,
            window: window?,
            per,
            unit: measure.unit.clone(),
            cost_per_unit: entry.cost_per_unit.as_ref().map(|cost| cost.value),
            uses_staff_time: entry
                .uses_staff_time
                .as_ref()
                .is_some_and(|flag| flag.value),
            assignment,
        })
    }

    /// Refuses a draw whose measure takes who did not apply for somebody who lost.
    fn draws(&self, measures: &[Measure], file: &PipelineFile, exposures: &[Exposure]) {
        for (entry, exposure) in file.exposures.iter().zip(exposures) {
            let Some(typed) = &entry.assignment else {
                continue;
            };
            let draw = exposure.assignment.and_then(|draw| exposures.get(draw));
            let measure = draw.and_then(|d| measures.iter().find(|m| m.name == d.measure));
            if measure.is_some_and(|measure| measure.absent == Absent::Zero) {
                self.source.report(
                    Diagnostic::error(
                        Some(typed.place.clone()),
                        format!(
                            "the measure of `{}` gives zero to who was not in the draw",
                            typed.value
                        ),
                    )
                    .hint("use `lottery_offer`, or a measure of your own with the line `-- absent: unknown`"),
                );
            }
        }
    }

    /// The exposures that a study asks about: the named ones; of all, those that do not say who won a draw.
    fn asked(&self, file: &PipelineFile, entry: &StudyEntry) -> Vec<usize> {
        let ids = || file.exposures.iter().map(|e| e.id.as_ref());
        let is_draw = |position: &usize| {
            let id = file.exposures[*position].id.as_ref();
            let draws = file.exposures.iter().filter_map(|e| e.assignment.as_ref());
            id.is_some_and(|id| draws.clone().any(|draw| draw.value == id.value))
        };
        let mut asked = self.names("exposure", &entry.exposures, ids());
        for typed in &entry.exposures {
            let named = ids().position(|id| id.is_some_and(|id| id.value == typed.value));
            if named.is_some_and(|position| is_draw(&position)) {
                self.source.report(
                    Diagnostic::error(
                        Some(typed.place.clone()),
                        format!(
                            "`{}` says who won a draw and cannot be asked about",
                            typed.value
                        ),
                    )
                    .hint("ask about the exposure that names it as its `assignment`"),
                );
            }
        }
        asked.retain(|position| !is_draw(position));
        asked
    }

    fn study(&self, file: &PipelineFile, entry: &StudyEntry) -> Option<Study> {
        let exposures = self.asked(file, entry);
        let outcomes = self.names(
            "outcome",
            &entry.outcomes,
            file.outcomes.iter().map(|e| e.id.as_ref()),
        );
        let mut subgroups = vec![Subgroup::All];
        for typed in &entry.subgroups {
            match subgroup(&typed.value) {
                Some(Subgroup::All) => {}
                Some(subgroup) => subgroups.push(subgroup),
                None => self.source.report(
                    Diagnostic::error(
                        Some(typed.place.clone()),
                        format!("unknown subgroup `{}`", typed.value),
                    )
                    .did_you_mean(nearest(&typed.value, flags()))
                    .hint(format!(
                        "subgroups: `{}`, or grades such as `grades K-5`",
                        flags().collect::<Vec<_>>().join("`, `")
                    )),
                ),
            }
        }
        let covariates = match &entry.covariates {
            None => DEFAULT_COVARIATES
                .iter()
                .map(|name| (*name).to_owned())
                .collect(),
            Some(typed) => typed
                .iter()
                .filter(|name| {
                    let known = covariates().any(|covariate| covariate == name.value);
                    if !known {
                        let near = nearest(&name.value, covariates());
                        let message = format!("unknown covariate `{}`", name.value);
                        self.source.report(
                            Diagnostic::error(Some(name.place.clone()), message).did_you_mean(near),
                        );
                    }
                    known
                })
                .map(|name| name.value.clone())
                .collect(),
        };
        let negative_controls = match entry.negative_controls.is_empty() {
            true => Vec::new(),
            false => self.names(
                "outcome",
                &entry.negative_controls,
                file.outcomes.iter().map(|e| e.id.as_ref()),
            ),
        };
        Some(Study {
            id: entry.id.as_ref()?.value.clone(),
            label: entry.label.as_ref()?.value.clone(),
            designs: self.designs(&entry.designs),
            negative_controls,
            pairs: self.pairs(&entry.pairs, &exposures, file),
            exposures,
            outcomes,
            subgroups,
            covariates,
        })
    }

    /// Position of the exposure with this id.
    fn exposure_named(&self, file: &PipelineFile, name: &At<String>) -> Option<usize> {
        let ids = || file.exposures.iter().filter_map(|e| e.id.as_ref());
        let found = ids().position(|id| id.value == name.value);
        if found.is_none() {
            let near = nearest(&name.value, ids().map(|id| id.value.as_str()));
            let message = format!("no exposure has the id `{}`", name.value);
            let problem = Diagnostic::error(Some(name.place.clone()), message);
            self.source.report(problem.did_you_mean(near));
        }
        found
    }

    /// Pairs of exposures that both stand in the study.
    fn pairs(
        &self,
        typed: &[At<Vec<At<String>>>],
        exposures: &[usize],
        file: &PipelineFile,
    ) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        for pair in typed {
            let [first, second] = pair.value.as_slice() else {
                self.source.report(
                    Diagnostic::error(
                        Some(pair.place.clone()),
                        "a pair is two exposures: a tool, and the training for it",
                    )
                    .hint("`pairs = [[\"reading_app\", \"reading_academy\"]]`"),
                );
                continue;
            };
            let find = |name: &At<String>| {
                let position = self.exposure_named(file, name)?;
                if !exposures.contains(&position) {
                    let message = format!(
                        "`{}` is in a pair and not among the study's exposures",
                        name.value
                    );
                    self.error(&name.place, message);
                    return None;
                }
                Some(position)
            };
            let (one, other) = (find(first), find(second));
            if let (Some(one), Some(other)) = (one, other) {
                if one == other {
                    self.error(&second.place, "a pair needs two different exposures");
                } else if !pairs.contains(&(one, other)) {
                    pairs.push((one, other));
                }
            }
        }
        pairs
    }

    /// The designs a study may use, strongest first; an empty list or `*` means all.
    fn designs(&self, typed: &[At<String>]) -> Vec<Design> {
        let known = || Design::ALL.iter().map(|design| design.id());
        for name in typed {
            if name.value != "*" && !known().any(|id| id == name.value) {
                self.source.report(
                    Diagnostic::error(
                        Some(name.place.clone()),
                        format!("unknown design `{}`", name.value),
                    )
                    .did_you_mean(nearest(&name.value, known()))
                    .hint(format!(
                        "designs: `{}`",
                        known().collect::<Vec<_>>().join("`, `")
                    )),
                );
            }
        }
        let all = typed.is_empty() || typed.iter().any(|name| name.value == "*");
        Design::ALL
            .into_iter()
            .filter(|design| all || typed.iter().any(|name| name.value == design.id()))
            .collect()
    }

    /// Positions of the named entries; an empty list or `*` means all.
    fn names<'a>(
        &self,
        what: &str,
        typed: &[At<String>],
        known: impl Iterator<Item = Option<&'a At<String>>>,
    ) -> Vec<usize> {
        let known: Vec<&str> = known
            .map(|id| id.map_or("", |id| id.value.as_str()))
            .collect();
        if typed.is_empty() || typed.iter().any(|name| name.value == "*") {
            return (0..known.len()).collect();
        }
        let mut positions = Vec::new();
        for name in typed {
            match known.iter().position(|id| *id == name.value) {
                Some(position) if !positions.contains(&position) => positions.push(position),
                Some(_) => {}
                None => self.source.report(
                    Diagnostic::error(
                        Some(name.place.clone()),
                        format!("no {what} has the id `{}`", name.value),
                    )
                    .did_you_mean(nearest(&name.value, known.iter().copied())),
                ),
            }
        }
        positions
    }
}

fn month_day(text: &str) -> Option<(u32, u32)> {
    let (month, day) = text.split_once('-')?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    chrono::NaiveDate::from_ymd_opt(2023, month, day).map(|_| (month, day))
}

fn subgroup(text: &str) -> Option<Subgroup> {
    if text == "all" {
        return Some(Subgroup::All);
    }
    if let Some(range) = text.strip_prefix("grades ") {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let Kind::Code(grades) = tables::GRADES else {
            return None;
        };
        let position = |grade: &str| grades.iter().position(|known| *known == grade.trim());
        let (low, high) = (position(first)?, position(last)?);
        return (low <= high)
            .then(|| Subgroup::Grades(first.trim().to_owned(), last.trim().to_owned()));
    }
    flags()
        .find(|flag| *flag == text)
        .map(|flag| Subgroup::Flag(flag.to_owned()))
}

/// The flags of table `student`.
fn flags() -> impl Iterator<Item = &'static str> {
    let columns = tables::find("student")
        .map(|table| table.columns)
        .unwrap_or_default();
    columns
        .iter()
        .filter(|column| column.kind == Kind::Flag)
        .map(|column| column.name)
}

/// What a study may adjust for: the flags, and `gender` and `race_ethnicity` as dummies.
fn covariates() -> impl Iterator<Item = &'static str> {
    flags().chain(["gender", "race_ethnicity"])
}
