//! A mapping: how one vendor's export becomes rows of one canonical table, as data and not code.
//!
//! ```toml
//! vendor = "PowerSchool"
//! table = "attendance_event"
//! id_system = "sis"                 # whose IDs the person columns hold
//! [columns]
//! student_id = { from = "Student_Number" }
//! date = { from = "Att_Date", format = "%m/%d/%Y" }
//! category = { from = "Att_Code", codes = { "UA" = "unexcused_absence", "T" = "tardy" } }
//! period = { value = "day" }        # the same for every row
//! ```
//! `ignore = ["Last_Name"]` above `[columns]` names vendor columns that are read past and never kept.
//! A header that neither `columns` nor `ignore` knows is reported, and a column that is not in the header, unless it says
//! `optional = true`; names are compared without regard to case and surrounding space. `years = "2017-2023"` (or `"2024-"`) names the school years in which the vendor wrote
//! files so; rows of others are reported. How the file is written stands in `[dialect]` (see [`crate::dialect`]).
//!
//! Of a record in JSON or XML, `from` is a path: `badge.name`, `identifier[0].salt`, `"a.b".c`, `@id` for an attribute.
//! `after = "#"` takes what follows the last `#`; `format = "iso"` reads a date or a timestamp, `"iso_duration"`
//! a duration in seconds; a `school_year` with a `format` is the one its date falls in. A path that leads to several values rejects the
//! row, unless the column says which counts: `several = "first"`, or the canonical words in their order, the first that is among them:
//! `several = ["expulsion", "detention"]`. Which records are rows, and columns
//! of other files of the bundle, are told by
//!
//! ```toml
//! [rows]
//! only = { role = ["student"] }           # others belong to another table; "*" is anything but nothing
//! except = { type = ["test"] }            # nor are these rows of this one
//! deleted = { status = ["tobedeleted"] }  # such a row takes back an earlier one with its key
//! sum = ["minutes"]                       # rows of one person, tool and day are added up
//! [lookup.term]                           # its columns are called `term.schoolYear`, ...
//! member = "academicSessions.csv"         # left out: the same file
//! key = "sourcedId"                       # there
//! by = "termSourcedIds"                   # here
//! ```
//!
//! Where an export has several IDs of a person, they can all be listed: `or = [{ from = "LocalID", id_system = "sis" }]` beside
//! `from`, with `known_at_least = 0.9` (0.8 where nothing is said) and `below = "warn"` (or `"refuse"`). The column is taken whose IDs the
//! student, staff and crosswalk files know best, and the run says which and how well. A pipeline can say the same of a source without
//! a mapping of its own: `ids = { student_id = { or = [{ from = "LocalID" }], known_at_least = 0.9 } }`.
//!
//! IDs that a script or a spreadsheet has damaged are mended where that is declared: `repair = ["strip_decimal", "pad_zeros:7"]` beside
//! `from`, or in the source's `ids` (see [`crate::repair`]). E-mail addresses are compared without regard to case, always.
//!
//! An ID that is unique only within something is put together: `from = ["School_ID", "Section_ID"]` of a column that holds an ID (no
//! person's) is both, with `·` between. `key = ["student_id", "form"]` names the canonical columns that tell this export's rows apart, where
//! they are not those of the table; `apart = ["resource_id"]` names vendor columns that are not kept, and rows that differ in them are no
//! copies. What else is declared of an export as a whole (`conflicts`, `style`, `end`, `year_is`) stands in [`crate::settle`].
//!
//! `from = "beginDate | term.startDate"` takes the first that is there and not empty. A file of mappings that belong
//! together says only `vendor` and `bundle = ["oneroster_classes", "oneroster_courses?"]`: a source that names it becomes
//! one source for each, and those with `?` may have no file.

use crate::calendar::SchoolYear;
use crate::diagnostic::{Diagnostic, Place};
use crate::dialect::Dialect;
use crate::repair::Repair;
use crate::settle::{ConflictStep, Declared};
use crate::suggest::nearest;
use crate::table::{Kind, Table};
use crate::tables;
use crate::toml_section::{At, Section, Source};

/// Share of records whose ID must be known where a mapping lists candidates and says nothing else.
const DEFAULT_KNOWN: f64 = 0.8;
/// What stands between the names of columns of which the first that is not empty counts.
const OR: &str = " | ";

/// A vendor format, checked against the canonical table it fills.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// File stem of the mapping.
    pub name: String,
    /// Whose format it is, for people.
    pub vendor: String,
    /// The table it fills.
    pub table: &'static Table,
    /// How the file is written.
    pub dialect: Dialect,
    /// Which records are rows of the table.
    pub rows: RowRules,
    /// Columns taken from other records.
    pub lookups: Vec<Lookup>,
    /// Version that the `manifest.csv` of a OneRoster bundle must say, where there is one.
    pub manifest: Option<String>,
    /// One entry per canonical column that is filled.
    pub columns: Vec<Field>,
    /// The canonical columns that tell this export's rows apart: the table's key, where the mapping says no other.
    pub key: Vec<&'static str>,
    /// Vendor columns that are not kept; rows that differ in them are no copies.
    pub apart: Vec<String>,
    /// By which one of several rows with one key and different content is kept; empty: the table's own rule.
    pub conflicts: Vec<ConflictStep>,
    /// Vendor columns that are known and not wanted.
    pub ignore: Vec<String>,
    /// First and last school year in which the vendor wrote files so, as far as known.
    pub years: (Option<SchoolYear>, Option<SchoolYear>),
    /// The file's text: part of the key of everything made with it.
    pub text: String,
    /// Whether it comes with Throughline and is no file of the district's.
    pub shipped: bool,
}

/// Which records of a file are rows of the table. Names are the vendor's columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowRules {
    /// A record is a row only where every one of these columns holds one of its words.
    pub only: Vec<(String, Vec<String>)>,
    /// A record is no row where any of these columns holds one of its words.
    pub except: Vec<(String, Vec<String>)>,
    /// A record that takes back the row of its key: one of these columns holds one of its words.
    pub deleted: Vec<(String, Vec<String>)>,
    /// Canonical number columns that are added up over records alike in all else.
    pub sum: Vec<usize>,
}

/// Columns of another record, found by a value of this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// What its columns' names start with.
    pub name: String,
    /// The file of the bundle they stand in; `None`: the same file.
    pub member: Option<String>,
    /// Where they stand in a nested format, as in [`crate::dialect::Tree::records`].
    pub records: Option<String>,
    /// Its column that is looked up.
    pub key: String,
    /// The column of this record that says which; the first that is not empty.
    pub by: Vec<String>,
    /// Whether it is fine that the file is not there.
    pub optional: bool,
}

/// How one canonical column is filled.
#[derive(Clone, Debug)]
pub struct Field {
    /// Index into [`Table::columns`].
    pub column: usize,
    /// Where its value comes from.
    pub from: Origin,
    /// Whether the names of [`Origin::Header`] are alternatives, of which the first that is not empty in a record counts (`"A | B"`),
    /// and not names that a vendor changed, of which the first in the header counts.
    pub first_filled: bool,
    /// `strftime` pattern of a date column, or `iso`, also of a date that a school year is told by; `iso_duration` for a number.
    pub format: Option<String>,
    /// Only what follows the last of these in a cell counts.
    pub after: Option<String>,
    /// Where the salt stands that the ID was hashed with; empty: it is not hashed.
    pub salt: Vec<String>,
    /// Vendor word → canonical word, in file order. Empty: the vendor uses the canonical words.
    pub codes: Vec<(String, String)>,
    /// What a vendor word that `codes` does not list becomes; `None` rejects the row.
    pub otherwise: Option<String>,
    /// The ID system and person type that pseudonyms are kept apart by: (`student`, `sis`).
    pub identity: Option<(PersonType, String)>,
    /// Vendor values that mean "nothing here", beside the empty cell.
    pub nulls: Vec<String>,
    /// A number is multiplied by this (hours → minutes: 60).
    pub scale: f64,
    /// Days added to a date: −1 where the export names the day after the last.
    pub add_days: i32,
    /// Years added to a school year: 1 where the export names the calendar year it starts in.
    pub add_years: i32,
    /// What is undone to an ID, in this order.
    pub repair: Vec<Repair>,
    /// Other vendor columns that may hold the person's ID. The one whose IDs the district's own files know best is taken
    /// when the files are there; until then the field is the first candidate.
    pub candidates: Vec<Candidate>,
    /// Share of records (0–1) whose ID must be known in the best of the candidates.
    pub known_at_least: f64,
    /// Whether the run goes on with a warning where it is not.
    pub below_warns: bool,
    /// Which counts of several values that a path into a nested record leads to.
    pub several: Several,
    /// Whether exports often lack the column, so that its absence is nothing to tell.
    pub optional: bool,
}

/// Which counts of several values that a path into a nested record leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Several {
    /// None: the row is rejected, for taking one would lose the others silently.
    #[default]
    Refused,
    /// The first.
    First,
    /// The one whose canonical word comes first here.
    Prefer(Vec<String>),
}

/// A vendor column that may hold a person's ID, and whose ID it would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The vendor column (first that is present).
    pub from: Vec<String>,
    /// The ID system.
    pub id_system: String,
}

/// Where the value of a canonical column comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The vendor column of this name (first that is present, where a vendor renamed it); `required` ones must be in the header.
    Header(Vec<String>),
    /// All vendor columns of these names, put together into one ID; all must be in the header.
    Joined(Vec<String>),
    /// The same canonical value in every row.
    Constant(String),
}

/// Whose ID it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersonType {
    /// A student.
    Student,
    /// A staff member.
    Staff,
}

impl PersonType {
    /// The canonical word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Staff => "staff",
        }
    }
}

impl Mapping {
    /// The vendor columns that say which records are rows.
    pub fn rule_columns(&self) -> impl Iterator<Item = &String> {
        let rules = self.rows.only.iter().chain(&self.rows.except);
        let rules = rules.chain(&self.rows.deleted).map(|(name, _)| name);
        rules.chain(&self.apart)
    }

    /// Reads a mapping file.
    ///
    /// # Errors
    /// Every problem in the file, with its place.
    pub fn parse(file: &str, name: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let source = Source::new(file, text);
        let root = source.parse();
        let section = Section::new(&source, &root, "the mapping");
        let mapping = read(&source, &section, name, text);
        section.finish();
        let problems = source.into_problems();
        match mapping {
            Some(mapping) if problems.is_empty() => Ok(mapping),
            _ => Err(problems),
        }
    }

    /// The names of the mappings that a bundle's file lists, and whether each may have no file; `None` where the file is
    /// a mapping itself.
    ///
    /// # Errors
    /// Every problem in a bundle's file, with its place.
    pub fn bundle(file: &str, text: &str) -> Result<Option<Vec<(String, bool)>>, Vec<Diagnostic>> {
        let source = Source::new(file, text);
        let root = source.parse();
        let section = Section::new(&source, &root, "the bundle");
        let Some(names) = section.texts("bundle") else {
            return Ok(None);
        };
        section.require("vendor", section.text("vendor"));
        section.finish();
        let problems = source.into_problems();
        if !problems.is_empty() {
            return Err(problems);
        }
        let names = names
            .into_iter()
            .map(|at| match at.value.strip_suffix('?') {
                Some(name) => (name.to_owned(), true),
                None => (at.value, false),
            });
        Ok(Some(names.collect()))
    }

    /// The field that fills `column`.
    pub fn field(&self, column: &str) -> Option<&Field> {
        self.columns
            .iter()
            .find(|field| self.table.columns[field.column].name == column)
    }
}

fn read(source: &Source<'_>, section: &Section<'_, '_>, name: &str, text: &str) -> Option<Mapping> {
    let vendor = section.require("vendor", section.text("vendor"));
    let wanted = section.require("table", section.text("table"));
    let id_system = section
        .text("id_system")
        .map_or_else(|| "sis".to_owned(), |at| at.value);
    let manifest = section.text("manifest");
    let years = section.text("years").map_or((None, None), |at| {
        years(&at.value).unwrap_or_else(|| {
            let message = "`years` must be like \"2017-2023\", \"2024-\" or \"-2016\"";
            source.report(Diagnostic::error(Some(at.place), message));
            (None, None)
        })
    });
    let dialect = section
        .section("dialect")
        .map_or_else(Dialect::default, |section| Dialect::read(source, section));
    let key = section.texts("key").unwrap_or_default();
    let apart = section.texts("apart").unwrap_or_default();
    let declared = Declared::read(section);
    let rules = section.section("rows");
    let lookups = section
        .section("lookup")
        .map(|section| lookups(source, &section));
    let ignore = section
        .texts("ignore")
        .unwrap_or_default()
        .into_iter()
        .map(|at| at.value)
        .collect();
    let table = wanted.and_then(|at| {
        let found = tables::find(&at.value);
        if found.is_none() {
            let near = nearest(&at.value, tables::TABLES.iter().map(|table| table.name));
            source.report(
                Diagnostic::error(
                    Some(at.place),
                    format!("no canonical table is named `{}`", at.value),
                )
                .did_you_mean(near),
            );
        }
        found
    });
    let columns = section.section("columns");
    if columns.is_none() {
        source.report(Diagnostic::error(
            Some(section.place()),
            "the mapping needs a table `[columns]`",
        ));
    }
    let (table, columns) = (table?, columns?);
    let person_type = columns_person_type(table, &columns);
    let key = key_columns(source, table, &key);
    let has_lookups = lookups.as_ref().is_some_and(|found| !found.is_empty());
    let mut fields = Vec::new();
    for (key, field) in columns.named_sections() {
        let Some(index) = table
            .columns
            .iter()
            .position(|column| column.name == key.value)
        else {
            let near = nearest(&key.value, table.columns.iter().map(|column| column.name));
            source.report(
                Diagnostic::error(
                    Some(key.place),
                    format!("table `{}` has no column `{}`", table.name, key.value),
                )
                .did_you_mean(near),
            );
            continue;
        };
        if let Some(read) = read_field(source, &field, table, index, &id_system, person_type) {
            fields.push(if has_lookups { read } else { read.split() });
        }
        field.finish();
    }
    for required in table.required() {
        if !fields
            .iter()
            .any(|field: &Field| table.columns[field.column].name == required)
            && !columns
                .named_sections()
                .iter()
                .any(|(key, _)| key.value == required)
        {
            source.report(Diagnostic::error(
                Some(columns.place()),
                format!(
                    "required column `{required}` of table `{}` is not mapped",
                    table.name
                ),
            ));
        }
    }
    fields.sort_by_key(|field| field.column);
    let several = |field: &Field| !field.candidates.is_empty();
    let other_files = lookups.as_ref().is_some_and(|found| !found.is_empty());
    if fields.iter().any(several) && (dialect.is_nested() || other_files) {
        let message = "`or` is for tables without lookups";
        source.report(Diagnostic::error(Some(columns.place()), message));
    }
    if fields.iter().any(|field| !field.salt.is_empty()) && !dialect.is_nested() {
        let message = "`salt` is read of JSON and XML only";
        source.report(Diagnostic::error(Some(columns.place()), message));
    }
    let rows = rules.map_or_else(RowRules::default, |section| {
        row_rules(source, section, table)
    });
    let mut mapping = Mapping {
        name: name.to_owned(),
        vendor: vendor.map_or_else(String::new, |at| at.value),
        table,
        dialect,
        manifest: manifest.map(|at| at.value),
        rows,
        lookups: lookups.unwrap_or_default(),
        columns: fields,
        key,
        apart: apart.into_iter().map(|at| at.value).collect(),
        conflicts: Vec::new(),
        ignore,
        years,
        text: text.to_owned(),
        shipped: false,
    };
    declared.apply(source, &mut [&mut mapping]);
    Some(mapping)
}

/// The columns of the key that a mapping names, or the table's own.
fn key_columns(
    source: &Source<'_>,
    table: &'static Table,
    named: &[At<String>],
) -> Vec<&'static str> {
    if named.is_empty() {
        return table.key.to_vec();
    }
    let column = |at: &At<String>| match table.column(&at.value) {
        Some(column) => Some(column.name),
        None => {
            let near = nearest(&at.value, table.columns.iter().map(|column| column.name));
            let message = format!("table `{}` has no column `{}`", table.name, at.value);
            let problem = Diagnostic::error(Some(at.place.clone()), message);
            source.report(problem.did_you_mean(near));
            None
        }
    };
    named.iter().filter_map(column).collect()
}

/// `2017-2023`, `2024-`, `-2016`.
fn years(text: &str) -> Option<(Option<SchoolYear>, Option<SchoolYear>)> {
    let (first, last) = text.split_once('-')?;
    let year = |text: &str| match text.trim() {
        "" => Some(None),
        year => year.parse().ok().map(Some),
    };
    let (first, last) = (year(first)?, year(last)?);
    let ordered = first.zip(last).is_none_or(|(first, last)| first <= last);
    (ordered && (first.is_some() || last.is_some())).then_some((first, last))
}

fn row_rules(source: &Source<'_>, section: Section<'_, '_>, table: &'static Table) -> RowRules {
    let words = |key: &'static str| {
        let lists = section.section(key).map(|section| section.lists());
        let lists = lists.into_iter().flatten();
        lists
            .map(|(name, words)| (name.value, words.into_iter().map(|at| at.value).collect()))
            .collect()
    };
    let rules = RowRules {
        only: words("only"),
        except: words("except"),
        deleted: words("deleted"),
        sum: section
            .texts("sum")
            .unwrap_or_default()
            .into_iter()
            .filter_map(|at| {
                let found = table.columns.iter().position(|column| {
                    column.name == at.value && matches!(column.kind, Kind::Number(..))
                });
                if found.is_none() {
                    let message =
                        format!("table `{}` has no number column `{}`", table.name, at.value);
                    source.report(Diagnostic::error(Some(at.place), message));
                }
                found
            })
            .collect(),
    };
    section.finish();
    rules
}

fn lookups(source: &Source<'_>, section: &Section<'_, '_>) -> Vec<Lookup> {
    section
        .named_sections()
        .into_iter()
        .filter_map(|(name, section)| {
            let key = section.require("key", section.text("key"));
            let by = section.texts("by").unwrap_or_default();
            if by.is_empty() {
                let message = format!("lookup `{}` needs the key `by`", name.value);
                source.report(Diagnostic::error(Some(section.place()), message));
            }
            let lookup = Lookup {
                name: name.value,
                member: section.text("member").map(|at| at.value),
                records: section.text("records").map(|at| at.value),
                key: key.map(|at| at.value)?,
                by: by.into_iter().map(|at| at.value).collect(),
                optional: section.flag("optional").is_some_and(|at| at.value),
            };
            section.finish();
            Some(lookup)
        })
        .collect()
}

/// For tables of people of both kinds, the mapping's constant `person_type`.
fn columns_person_type(table: &Table, columns: &Section<'_, '_>) -> Option<PersonType> {
    table.column("person_type")?;
    let (_, field) = columns
        .named_sections()
        .into_iter()
        .find(|(key, _)| key.value == "person_type")?;
    match field.text("value")?.value.as_str() {
        "student" => Some(PersonType::Student),
        "staff" => Some(PersonType::Staff),
        _ => None,
    }
}

fn read_field(
    source: &Source<'_>,
    section: &Section<'_, '_>,
    table: &'static Table,
    index: usize,
    id_system: &str,
    person_type: Option<PersonType>,
) -> Option<Field> {
    let column = &table.columns[index];
    let from = section.texts("from");
    let value = section.text("value");
    let format = section.text("format");
    let codes = section.section("codes");
    let otherwise = section.text("otherwise");
    let system = section
        .text("id_system")
        .map_or_else(|| id_system.to_owned(), |at| at.value);
    let nulls = section
        .texts("nulls")
        .unwrap_or_default()
        .into_iter()
        .map(|at| at.value)
        .collect();
    let after = section
        .text("after")
        .map(|at| at.value)
        .filter(|text| !text.is_empty());
    let salt = section.texts("salt").unwrap_or_default();
    let scale = section.number("scale").map_or(1.0, |at| at.value);
    let several = several(source, section, column.kind);
    let optional = section.flag("optional");
    let ids = Ids::read(section);
    let place = section.place();
    let problem = |message: String| source.report(Diagnostic::error(Some(place.clone()), message));

    let origin = match (from, value) {
        (Some(headers), None) if !headers.is_empty() => {
            let headers: Vec<String> = headers.into_iter().map(|at| at.value).collect();
            if column.kind == Kind::Id && headers.len() > 1 {
                Origin::Joined(headers)
            } else {
                Origin::Header(headers)
            }
        }
        (None, Some(constant)) => Origin::Constant(constant.value),
        _ => {
            problem(format!(
                "`{}` needs either `from` (a vendor column) or `value` (the same in every row)",
                column.name
            ));
            return None;
        }
    };
    if column.kind == Kind::Date && format.is_none() && !matches!(origin, Origin::Constant(_)) {
        problem(format!(
            "date column `{}` needs a `format`, such as `%Y-%m-%d` or `iso`",
            column.name
        ));
    }
    if ids.repair.is_some() && !takes_repair(column.kind) {
        problem(format!(
            "`{}` holds no ID: there is nothing to repair",
            column.name
        ));
    }
    if !ids.or.is_empty() && !column.kind.is_person() {
        problem(format!(
            "`{}` holds no person's ID: `or` lists columns that may",
            column.name
        ));
    }
    let codes: Vec<(String, String)> = codes
        .map(|codes| {
            codes
                .entries()
                .into_iter()
                .map(|(vendor, word)| (vendor.value, word, vendor.place))
        })
        .into_iter()
        .flatten()
        .map(|(vendor, word, _)| {
            accepted(source, column.kind, &word.value, &word.place);
            (vendor, word.value)
        })
        .collect();
    if let Some(otherwise) = &otherwise {
        accepted(source, column.kind, &otherwise.value, &otherwise.place);
    }
    if let Origin::Constant(constant) = &origin {
        accepted(source, column.kind, constant, &place);
    }
    let person = match column.kind {
        Kind::StudentId => Some(PersonType::Student),
        Kind::StaffId => Some(PersonType::Staff),
        Kind::PersonId if person_type.is_none() => {
            problem(
                "a table of persons needs `person_type = { value = \"staff\" }` or `\"student\"`"
                    .to_owned(),
            );
            None
        }
        Kind::PersonId => person_type,
        _ => None,
    };
    let mut field = Field {
        column: index,
        from: origin,
        first_filled: false,
        format: format.map(|at| at.value),
        after,
        salt: salt.into_iter().map(|at| at.value).collect(),
        codes,
        otherwise: otherwise.map(|at| at.value),
        identity: person.map(|person| (person, system)),
        nulls,
        scale,
        add_days: 0,
        add_years: 0,
        repair: Vec::new(),
        candidates: Vec::new(),
        known_at_least: DEFAULT_KNOWN,
        below_warns: false,
        several,
        optional: optional.is_some_and(|at| at.value),
    };
    field.choose_among(&ids);
    Some(field)
}

fn several(source: &Source<'_>, section: &Section<'_, '_>, kind: Kind) -> Several {
    let words = section.texts("several").unwrap_or_default();
    match words.as_slice() {
        [] => Several::Refused,
        [only] if only.value == "first" => Several::First,
        _ => {
            for word in &words {
                accepted(source, kind, &word.value, &word.place);
            }
            Several::Prefer(words.into_iter().map(|at| at.value).collect())
        }
    }
}

/// Whether a column holds IDs, a person's or another's.
fn takes_repair(kind: Kind) -> bool {
    kind == Kind::Id || kind.is_person()
}

/// Which columns may hold a person's ID and what was done to it, as a mapping's field or a pipeline's source says it.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    /// Vendor columns beside the field's own, and their ID system where it is said.
    or: Vec<(Vec<String>, Option<String>)>,
    known_at_least: Option<f64>,
    below_warns: Option<bool>,
    repair: Option<Vec<Repair>>,
}

impl Ids {
    pub(crate) fn read(section: &Section<'_, '_>) -> Self {
        let or = section.sections("or").into_iter().map(|section| {
            let from = section.texts("from").unwrap_or_default();
            section.require("from", from.first().cloned());
            let system = section.text("id_system");
            section.finish();
            let from = from.into_iter().map(|at| at.value).collect();
            (from, system.map(|at| at.value))
        });
        let or = or.collect();
        let known = section.number("known_at_least");
        if let Some(share) = &known
            && !(0.0..=1.0).contains(&share.value)
        {
            section.report("`known_at_least` is a share between 0 and 1");
        }
        let below = section.text("below");
        let below_warns = below.and_then(|word| match word.value.as_str() {
            "refuse" => Some(false),
            "warn" => Some(true),
            _ => {
                section.report("`below` is `refuse` or `warn`");
                None
            }
        });
        let repair = section.texts("repair").map(|words| {
            let repair = |at: At<String>| {
                Repair::parse(&at.value)
                    .map_err(|problem| section.problem(problem, at.place))
                    .ok()
            };
            words.into_iter().filter_map(repair).collect()
        });
        Self {
            or,
            known_at_least: known.map(|share| share.value),
            below_warns,
            repair,
        }
    }
}

impl Field {
    /// A column with the same canonical value in every row.
    pub(crate) fn constant(column: usize, value: &str) -> Self {
        Self {
            column,
            from: Origin::Constant(value.to_owned()),
            first_filled: false,
            format: None,
            after: None,
            salt: Vec::new(),
            codes: Vec::new(),
            otherwise: None,
            identity: None,
            nulls: Vec::new(),
            scale: 1.0,
            add_days: 0,
            add_years: 0,
            repair: Vec::new(),
            candidates: Vec::new(),
            known_at_least: DEFAULT_KNOWN,
            below_warns: false,
            several: Several::Refused,
            optional: false,
        }
    }

    /// `"A | B"` as two names, of which the first that is there and not empty counts. With lookups the reader of lookups does it, cell by cell.
    fn split(mut self) -> Self {
        if let Origin::Header(names) = &self.from {
            self.first_filled = names.iter().any(|name| name.contains(OR));
            let each = names.iter().flat_map(|name| name.split(OR));
            self.from = Origin::Header(each.map(|name| name.trim().to_owned()).collect());
        }
        self
    }

    /// Takes what is said in place of what the field says.
    fn choose_among(&mut self, ids: &Ids) {
        let own = self.identity.as_ref().map(|(_, system)| system.clone());
        if !ids.or.is_empty() {
            let candidate = |(from, system): &(Vec<String>, Option<String>)| Candidate {
                from: from.clone(),
                id_system: system.clone().or_else(|| own.clone()).unwrap_or_default(),
            };
            self.candidates = ids.or.iter().map(candidate).collect();
        }
        self.known_at_least = ids.known_at_least.unwrap_or(self.known_at_least);
        self.below_warns = ids.below_warns.unwrap_or(self.below_warns);
        if let Some(repair) = &ids.repair {
            self.repair.clone_from(repair);
        }
    }
}

impl Mapping {
    /// Takes what a pipeline's source says about the IDs in the canonical column `name`, in place of what the mapping says.
    ///
    /// # Errors
    /// Why it cannot be said of this mapping, as a lower-case fragment.
    pub(crate) fn choose_among(&mut self, name: &str, ids: &Ids) -> Result<(), String> {
        let table = self.table;
        let is_nested = self.dialect.is_nested() || !self.lookups.is_empty();
        let field = self
            .columns
            .iter_mut()
            .find(|field| table.columns[field.column].name == name)
            .ok_or_else(|| format!("mapping `{}` fills no column `{name}`", self.name))?;
        let kind = table.columns[field.column].kind;
        if !kind.is_person() && !ids.or.is_empty() {
            return Err(format!("`{name}` holds no person's ID"));
        }
        if !takes_repair(kind) {
            return Err(format!("`{name}` holds no ID"));
        }
        if is_nested && !ids.or.is_empty() {
            return Err("`or` is for tables without lookups".to_owned());
        }
        field.choose_among(ids);
        Ok(())
    }
}

/// Reports a canonical word that the column does not accept.
fn accepted(source: &Source<'_>, kind: Kind, word: &str, place: &Place) {
    if let Kind::Code(words) = kind
        && !words.contains(&word)
    {
        source.report(
            Diagnostic::error(
                Some(place.clone()),
                format!("`{word}` is not an accepted value"),
            )
            .did_you_mean(nearest(word, words.iter().copied()))
            .hint(format!("accepted: `{}`", words.join("`, `"))),
        );
    }
}
