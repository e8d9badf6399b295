//! What the user typed: the pipeline file as it stands, every value with its place, nothing looked up yet.

use crate::diagnostic::Place;
use crate::mapping::Ids;
use crate::settle::Declared;
use crate::toml_section::{At, Section, Source};

/// A pipeline file as typed.
#[derive(Debug, Default)]
pub(crate) struct PipelineFile {
    pub district_name: Option<At<String>>,
    pub hourly_rate: Option<At<f64>>,
    pub year_starts: Option<At<String>>,
    pub counts_from: Option<At<f64>>,
    pub first_year: Option<At<i64>>,
    pub last_year: Option<At<i64>>,
    pub key: Option<At<String>>,
    pub create_key: Option<At<bool>>,
    pub min_students: Option<At<i64>>,
    pub min_teachers: Option<At<i64>>,
    pub min_schools: Option<At<i64>>,
    pub lake: Option<At<String>>,
    pub roots: Vec<At<String>>,
    pub mappings: Option<At<String>>,
    pub measures: Option<At<String>>,
    pub definitions: Option<At<String>>,
    pub reports: Option<At<String>>,
    pub sources: Vec<SourceEntry>,
    pub outcomes: Vec<OutcomeEntry>,
    pub exposures: Vec<ExposureEntry>,
    pub studies: Vec<StudyEntry>,
    pub checks: Vec<CheckEntry>,
}

/// `[[source]]`
#[derive(Debug)]
pub(crate) struct SourceEntry {
    pub id: Option<At<String>>,
    pub files: Option<At<String>>,
    pub mapping: Option<At<String>>,
    pub max_rejected: Option<At<f64>>,
    pub optional: Option<At<bool>>,
    pub owner: Option<At<String>>,
    /// Canonical column, and the vendor columns that may hold the person's ID.
    pub ids: Vec<(At<String>, Ids)>,
    /// What is said of the export as a whole, in place of what the mapping says.
    pub declared: Declared,
}

/// `[[check]]`
#[derive(Debug)]
pub(crate) struct CheckEntry {
    pub place: Place,
    pub table: Option<At<String>>,
    pub severity: Option<At<String>>,
    pub at_most: Option<At<f64>>,
    pub required: Option<At<String>>,
    pub linked: Option<At<String>>,
    pub once: Option<At<String>>,
    pub one_meaning: Option<At<String>>,
    pub of_program: Option<At<f64>>,
    pub agrees: Option<At<String>>,
    pub unique: Option<Vec<At<String>>>,
    /// `column`, and the others by name.
    pub range: Option<Vec<(At<String>, At<String>)>>,
    pub accepted: Option<AcceptedEntry>,
    pub refers: Option<RefersEntry>,
    pub fresh: Option<FreshEntry>,
    pub rows: Option<RowsEntry>,
    pub conflicts: Option<At<bool>>,
    pub member: Option<At<bool>>,
}

/// `accepted = { column = "…", values = ["…"] }`
#[derive(Debug)]
pub(crate) struct AcceptedEntry {
    pub column: Option<At<String>>,
    pub values: Vec<At<String>>,
}

/// `refers = { column = "…", to = "table" }`
#[derive(Debug)]
pub(crate) struct RefersEntry {
    pub column: Option<At<String>>,
    pub to: Option<At<String>>,
}

/// `fresh = { column = "…", days = 7, behind = "today" }`
#[derive(Debug)]
pub(crate) struct FreshEntry {
    pub column: Option<At<String>>,
    pub days: Option<At<i64>>,
    pub behind: Option<At<String>>,
}

/// `rows = { fewer = 0.2, more = 0.5 }`
#[derive(Debug)]
pub(crate) struct RowsEntry {
    pub fewer: Option<At<f64>>,
    pub more: Option<At<f64>>,
}

/// A measure by name, with the parameters it is given.
#[derive(Debug)]
pub(crate) struct MeasureUse {
    pub name: Option<At<String>>,
    pub params: Vec<(At<String>, At<String>)>,
}

/// `[[outcome]]`
#[derive(Debug)]
pub(crate) struct OutcomeEntry {
    pub id: Option<At<String>>,
    pub label: Option<At<String>>,
    pub measure: MeasureUse,
    pub domain: Option<At<String>>,
    pub subject: Option<At<String>>,
    pub better: Option<At<String>>,
    pub definition: Option<At<String>>,
    pub beside: Option<Vec<At<String>>>,
    pub smallest_difference: Option<At<f64>>,
}

/// `[[exposure]]`
#[derive(Debug)]
pub(crate) struct ExposureEntry {
    pub id: Option<At<String>>,
    pub label: Option<At<String>>,
    pub measure: MeasureUse,
    pub window: Option<At<String>>,
    pub per: Option<At<f64>>,
    pub cost_per_unit: Option<At<f64>>,
    pub uses_staff_time: Option<At<bool>>,
    pub assignment: Option<At<String>>,
}

/// `[[study]]`
#[derive(Debug)]
pub(crate) struct StudyEntry {
    pub id: Option<At<String>>,
    pub label: Option<At<String>>,
    pub designs: Vec<At<String>>,
    pub negative_controls: Vec<At<String>>,
    pub exposures: Vec<At<String>>,
    pub outcomes: Vec<At<String>>,
    pub subgroups: Vec<At<String>>,
    pub pairs: Vec<At<Vec<At<String>>>>,
    pub covariates: Option<Vec<At<String>>>,
}

impl PipelineFile {
    /// Reads the whole file; problems go to `source`.
    pub(crate) fn read(source: &Source<'_>) -> Self {
        let root = source.parse();
        let top = Section::new(source, &root, "the pipeline file");
        let mut file = Self::default();
        if let Some(s) = required_section(source, &top, "district") {
            file.district_name = s.require("name", s.text("name"));
            file.hourly_rate = s.number("hourly_rate");
            s.finish();
        }
        if let Some(s) = required_section(source, &top, "calendar") {
            file.year_starts = s.text("year_starts");
            file.first_year = s.require("first_year", s.integer("first_year"));
            file.last_year = s.require("last_year", s.integer("last_year"));
            file.counts_from = s.number("counts_from");
            s.finish();
        }
        if let Some(s) = required_section(source, &top, "privacy") {
            file.key = s.require("key", s.text("key"));
            file.create_key = s.flag("create_key");
            file.min_students = s.integer("min_students");
            file.min_teachers = s.integer("min_teachers");
            file.min_schools = s.integer("min_schools");
            s.finish();
        }
        if let Some(s) = required_section(source, &top, "lake") {
            file.lake = s.require("path", s.text("path"));
            s.finish();
        }
        if let Some(s) = top.section("paths") {
            file.roots = s.texts("roots").unwrap_or_default();
            file.mappings = s.text("mappings");
            file.measures = s.text("measures");
            file.definitions = s.text("definitions");
            s.finish();
        }
        if let Some(s) = required_section(source, &top, "reports") {
            file.reports = s.require("folder", s.text("folder"));
            s.finish();
        }
        file.sources = top
            .sections("source")
            .into_iter()
            .map(source_entry)
            .collect();
        file.outcomes = top
            .sections("outcome")
            .into_iter()
            .map(outcome_entry)
            .collect();
        file.exposures = top
            .sections("exposure")
            .into_iter()
            .map(exposure_entry)
            .collect();
        file.studies = top.sections("study").into_iter().map(study_entry).collect();
        file.checks = check_entries(&top);
        top.finish();
        file
    }
}

fn required_section<'s, 'i>(
    source: &Source<'i>,
    top: &Section<'s, 'i>,
    key: &'static str,
) -> Option<Section<'s, 'i>> {
    let section = top.section(key);
    if section.is_none() {
        let message = format!("the pipeline file needs a table `[{key}]`");
        source.report(crate::Diagnostic::error(Some(top.place()), message));
    }
    section
}

fn source_entry(s: Section<'_, '_>) -> SourceEntry {
    let entry = SourceEntry {
        id: s.require("id", s.text("id")),
        files: s.require("files", s.text("files")),
        mapping: s.require("mapping", s.text("mapping")),
        max_rejected: s.number("max_rejected"),
        optional: s.flag("optional"),
        owner: s.text("owner"),
        declared: Declared::read(&s),
        ids: s.section("ids").map_or_else(Vec::new, |ids| {
            let columns = ids.named_sections().into_iter();
            columns
                .map(|(column, section)| {
                    let ids = Ids::read(&section);
                    section.finish();
                    (column, ids)
                })
                .collect()
        }),
    };
    s.finish();
    entry
}

/// The checks of a pipeline file, or of the file of checks that come with Throughline.
pub(crate) fn check_entries(top: &Section<'_, '_>) -> Vec<CheckEntry> {
    top.sections("check").into_iter().map(check_entry).collect()
}

fn check_entry(s: Section<'_, '_>) -> CheckEntry {
    let entry = CheckEntry {
        place: s.place(),
        table: s.require("table", s.text("table")),
        severity: s.text("severity"),
        at_most: s.number("at_most"),
        required: s.text("required"),
        linked: s.text("linked"),
        once: s.text("once"),
        one_meaning: s.text("one_meaning"),
        of_program: s.number("of_program"),
        agrees: s.text("agrees"),
        unique: s.texts("unique"),
        range: s.section("range").map(|s| s.entries()),
        accepted: s.section("accepted").map(|s| {
            let entry = AcceptedEntry {
                column: s.require("column", s.text("column")),
                values: s.texts("values").unwrap_or_default(),
            };
            s.finish();
            entry
        }),
        refers: s.section("refers").map(|s| {
            let entry = RefersEntry {
                column: s.require("column", s.text("column")),
                to: s.require("to", s.text("to")),
            };
            s.finish();
            entry
        }),
        fresh: s.section("fresh").map(|s| {
            let entry = FreshEntry {
                column: s.require("column", s.text("column")),
                days: s.require("days", s.integer("days")),
                behind: s.text("behind"),
            };
            s.finish();
            entry
        }),
        rows: s.section("rows").map(|s| {
            let entry = RowsEntry {
                fewer: s.number("fewer"),
                more: s.number("more"),
            };
            s.finish();
            entry
        }),
        conflicts: s.flag("conflicts"),
        member: s.flag("member"),
    };
    s.finish();
    entry
}

fn measure_use(s: &Section<'_, '_>) -> MeasureUse {
    MeasureUse {
        name: s.require("measure", s.text("measure")),
        params: s
            .section("params")
            .map(|params| params.entries())
            .unwrap_or_default(),
    }
}

fn outcome_entry(s: Section<'_, '_>) -> OutcomeEntry {
    let entry = OutcomeEntry {
        id: s.require("id", s.text("id")),
        label: s.require("label", s.text("label")),
        measure: measure_use(&s),
        domain: s.require("domain", s.text("domain")),
        subject: s.text("subject"),
        better: s.text("better"),
        definition: s.text("definition"),
        beside: s.texts("beside"),
        smallest_difference: s.number("smallest_difference"),
    };
    s.finish();
    entry
}

fn exposure_entry(s: Section<'_, '_>) -> ExposureEntry {
    let entry = ExposureEntry {
        id: s.require("id", s.text("id")),
        label: s.require("label", s.text("label")),
        measure: measure_use(&s),
        window: s.text("window"),
        per: s.number("per"),
        cost_per_unit: s.number("cost_per_unit"),
        uses_staff_time: s.flag("uses_staff_time"),
        assignment: s.text("assignment"),
    };
    s.finish();
    entry
}

fn study_entry(s: Section<'_, '_>) -> StudyEntry {
    let exposures = s.texts("exposures");
    let outcomes = s.texts("outcomes");
    let entry = StudyEntry {
        id: s.require("id", s.text("id")),
        label: s.require("label", s.text("label")),
        designs: s.texts("designs").unwrap_or_default(),
        negative_controls: s.texts("negative_controls").unwrap_or_default(),
        exposures: exposures.unwrap_or_default(),
        outcomes: outcomes.unwrap_or_default(),
        subgroups: s.texts("subgroups").unwrap_or_default(),
        pairs: s.text_lists("pairs").unwrap_or_default(),
        covariates: s.texts("covariates"),
    };
    s.finish();
    entry
}
