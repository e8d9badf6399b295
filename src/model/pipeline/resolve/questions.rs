//! Outcomes, exposures and studies: measures with their parameters, and who is asked what about whom.

use super::Resolver;
use crate::definition::Definition;
use crate::diagnostic::Diagnostic;
use crate::measure::{Absent, Measure, Role};
use crate::pipeline::file::{ExposureEntry, MeasureUse, OutcomeEntry, PipelineFile, StudyEntry};
use crate::pipeline::meaning::{Design, Exposure, Outcome, Params, Study, Subgroup, Window};
use crate::suggest::nearest;
use crate::table::Kind;
use crate::tables;
use crate::toml_section::At;

const DEFAULT_SMALLEST_DIFFERENCE: f64 = 0.05;
const DEFAULT_COVARIATES: [&str; 3] = [
    "economically_disadvantaged",
    "english_learner",
    "disability",
];

impl Resolver<'_, '_> {
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

    pub(super) fn outcome(
        &self,
        measures: &[Measure],
        definitions: &[Definition],
        entry: &OutcomeEntry,
    ) -> Option<Outcome> {
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
        let params = self.defined(definitions, entry, measure, params);
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

    pub(super) fn exposure(
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
    pub(super) fn draws(&self, measures: &[Measure], file: &PipelineFile, exposures: &[Exposure]) {
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

    pub(super) fn study(&self, file: &PipelineFile, entry: &StudyEntry) -> Option<Study> {
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
