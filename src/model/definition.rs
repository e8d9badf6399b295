//! Definitions of one measure that differ between authorities, as data: a name, the measure's parameters, and where they stand
//! written. They come with Throughline (`pipelines/definitions/*.toml`, a file a measure) and from a pipeline's own folder:
//!
//! ```toml
//! [[definition]]
//! id = "edfacts"
//! label = "EDFacts (federal)"
//! about = "10 % of the days enrolled, of students enrolled 10 days or more, kindergarten to grade 12"
//! source = "U.S. Department of Education, EDFacts file specification FS195"
//! params = { threshold = 0.10, min_days = 10, grades_out = "PK" }
//! ```
//! An outcome names the one that it goes by (`definition = "edfacts"`); the others stand beside it in the report, with the number of
//! students that each would move.

use crate::SchoolYear;
use crate::diagnostic::Diagnostic;
use crate::measure::{Measure, NumberKind, Role};
use crate::pipeline::Params;
use crate::suggest::nearest;
use crate::toml_section::{Section, Source};

/// One authority's way to count what a measure measures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The measure.
    pub measure: String,
    /// Name in a pipeline file: `edfacts`.
    pub id: String,
    /// For people.
    pub label: String,
    /// What is counted, one sentence.
    pub about: String,
    /// Where it stands written.
    pub source: String,
    /// The measure's parameters, defaults filled in.
    pub params: Params,
}

/// An outcome, the definition that it goes by, and those that stand beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The outcome: index into [`crate::Pipeline::outcomes`].
    pub outcome: usize,
    /// The definition that it goes by; `None` where its parameters are its own.
    pub chosen: Option<Definition>,
    /// The others.
    pub beside: Vec<Definition>,
}

/// How many students have which answers by the definitions of an outcome. Exact, and so not to be told as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patterns {
    /// The outcome and its definitions.
    pub compared: Compared,
    /// Students by school year and answers, in that order.
    pub patterns: Vec<Pattern>,
}

/// Students of a school year with the same answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// School year.
    pub school_year: SchoolYear,
    /// What each definition says, the outcome's own first: `None` where it does not count the student.
    pub answers: Vec<Option<bool>>,
    /// Students.
    pub students: u64,
}

impl Definition {
    /// Reads a file of definitions of a measure; it is named as the measure is.
    ///
    /// # Errors
    /// Every problem of the file, sorted by place.
    pub fn parse(
        file: &str,
        name: &str,
        text: &str,
        measures: &[Measure],
    ) -> Result<Vec<Self>, Vec<Diagnostic>> {
        let source = Source::new(file, text);
        let root = source.parse();
        let top = Section::new(&source, &root, "the file of definitions");
        let outcomes = || measures.iter().filter(|one| one.role == Role::Outcome);
        let measure = outcomes().find(|one| one.name == name);
        if measure.is_none_or(|one| one.kind != NumberKind::Event) {
            let near = nearest(name, outcomes().map(|one| one.name.as_str()));
            source.report(
                Diagnostic::error(
                    Some(top.place()),
                    format!("no outcome measure of `kind: event` is named `{name}`"),
                )
                .did_you_mean(near)
                .hint("a file of definitions is named as the measure is, and tells students apart by yes and no"),
            );
        }
        let mut found: Vec<Self> = Vec::new();
        for section in top.sections("definition") {
            let one = Self::read(&source, section, measure);
            let Some(one) = one else { continue };
            found.push(one);
        }
        top.finish();
        let problems = source.into_problems();
        if problems.is_empty() {
            Ok(found)
        } else {
            Err(problems)
        }
    }

    fn read(source: &Source<'_>, s: Section<'_, '_>, measure: Option<&Measure>) -> Option<Self> {
        let id = s.require("id", s.text("id"));
        let label = s.require("label", s.text("label"));
        let about = s.require("about", s.text("about"));
        let written = s.require("source", s.text("source"));
        let typed = s.section("params").map(|params| params.entries());
        s.finish();
        let measure = measure?;
        let defaults = measure.params.iter();
        let mut params: Params = defaults
            .filter_map(|(key, default)| Some((key.clone(), default.clone()?)))
            .collect();
        for (key, value) in typed.unwrap_or_default() {
            let known = || measure.params.iter().map(|(known, _)| known.as_str());
            if known().any(|known| known == key.value) {
                params.insert(key.value, value.value);
            } else {
                let message = format!(
                    "measure `{}` has no parameter `{}`",
                    measure.name, key.value
                );
                let near = nearest(&key.value, known());
                source.report(Diagnostic::error(Some(key.place), message).did_you_mean(near));
            }
        }
        Some(Self {
            measure: measure.name.clone(),
            id: id?.value,
            label: label?.value,
            about: about?.value,
            source: written?.value,
            params,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQL: &str = "-- measure: chronic_absence\n-- role: outcome\n-- grain: student\n-- kind: event\n\
        -- params: threshold=0.10, min_days=45\nSELECT 1\n";

    fn parse(name: &str, text: &str) -> Result<Vec<Definition>, String> {
        let measure = Measure::parse("m.sql", "chronic_absence", SQL).expect("a measure");
        Definition::parse("d.toml", name, text, &[measure]).map_err(|problems| {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            told.join("\n")
        })
    }

    const GOOD: &str = "[[definition]]\nid = \"edfacts\"\nlabel = \"EDFacts\"\nabout = \"a\"\nsource = \"s\"\nparams = { min_days = 10 }\n";

    #[test]
    fn what_a_definition_does_not_say_is_as_the_measure_says() {
        let found = parse("chronic_absence", GOOD).expect("definitions");
        let params: Vec<(&str, &str)> = found[0]
            .params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(params, [("min_days", "10"), ("threshold", "0.10")]);
        assert_eq!((found.len(), found[0].id.as_str()), (1, "edfacts"));
    }

    #[test]
    fn a_definition_that_fits_no_measure_is_refused_with_its_place() {
        let told = parse("chronic_absense", GOOD).expect_err("no measure");
        assert!(told.contains("did you mean `chronic_absence`"), "{told}");
        let wrong = GOOD.replace("min_days", "min_day");
        let told = parse("chronic_absence", &wrong).expect_err("no parameter");
        assert!(told.starts_with("d.toml:6:"), "{told}");
        assert!(told.contains("did you mean `min_days`"), "{told}");
    }
}
