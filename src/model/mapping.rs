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
//! A header that neither `columns` nor `ignore` knows is reported; names are compared without regard
//! to case and surrounding space.

use crate::diagnostic::{Diagnostic, Place};
use crate::suggest::nearest;
use crate::table::{Kind, Table};
use crate::tables;
use crate::toml_section::{Section, Source};

/// A vendor format, checked against the canonical table it fills.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// File stem of the mapping.
    pub name: String,
    /// Whose format it is, for people.
    pub vendor: String,
    /// The table it fills.
    pub table: &'static Table,
    /// Field separator.
    pub delimiter: u8,
    /// One entry per canonical column that is filled.
    pub columns: Vec<Field>,
    /// Vendor columns that are known and not wanted.
    pub ignore: Vec<String>,
    /// The file's text: part of the key of everything made with it.
    pub text: String,
}

/// How one canonical column is filled.
#[derive(Clone, Debug)]
pub struct Field {
    /// Index into [`Table::columns`].
    pub column: usize,
    /// Where its value comes from.
    pub from: Origin,
    /// `strftime` pattern of a date column.
    pub date_format: Option<String>,
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
}

/// Where the value of a canonical column comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The vendor column of this name (first that is present, where a vendor renamed it); `required` ones must be in the header.
    Header(Vec<String>),
    /// The same canonical value in every row.
    Constant(String),
}

/// Whose ID it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    let delimiter = section
        .text("delimiter")
        .and_then(|at| match at.value.as_bytes() {
            [byte] => Some(*byte),
            _ => {
                source.report(Diagnostic::error(
                    Some(at.place),
                    "`delimiter` must be one ASCII character",
                ));
                None
            }
        });
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
            fields.push(read);
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
    Some(Mapping {
        name: name.to_owned(),
        vendor: vendor.map_or_else(String::new, |at| at.value),
        table,
        delimiter: delimiter.unwrap_or(b','),
        columns: fields,
        ignore,
        text: text.to_owned(),
    })
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
    let scale = section.number("scale").map_or(1.0, |at| at.value);
    let place = section.place();
    let problem = |message: String| source.report(Diagnostic::error(Some(place.clone()), message));

    let origin = match (from, value) {
        (Some(headers), None) if !headers.is_empty() => {
            Origin::Header(headers.into_iter().map(|at| at.value).collect())
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
    if column.kind == Kind::Date && format.is_none() && matches!(origin, Origin::Header(_)) {
        problem(format!(
            "date column `{}` needs a `format`, such as `%Y-%m-%d`",
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
    Some(Field {
        column: index,
        from: origin,
        date_format: format.map(|at| at.value),
        codes,
        otherwise: otherwise.map(|at| at.value),
        identity: person.map(|person| (person, system)),
        nulls,
        scale,
    })
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
