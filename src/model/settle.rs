//! What a mapping, or a pipeline's source, declares about an export as a whole: what is done with rows that disagree, how
//! attendance is recorded, whether an end date is the last day or the day after, by which end a school year is named.
//!
//! ```toml
//! conflicts = ["prefer:yes", "smallest:standard_error"]   # steps, tried in order until one row is left; one step may stand alone
//! style = "exceptions"          # attendance_event: only absences and tardies are exported; or "every_day"
//! end = "day_after"             # exit and end dates are the first day not attended
//! year_is = "start"             # 2023 is 2023-24
//! ```
//! A source's own words stand in place of its mapping's: `[[source]] conflicts = "error"`.

use crate::diagnostic::Diagnostic;
use crate::mapping::{Field, Mapping};
use crate::suggest::nearest;
use crate::table::{Kind, Table};
use crate::toml_section::{At, Section, Source};

/// The columns that hold the end of something, of which `end = "day_after"` speaks.
const END_DATES: [&str; 2] = ["exit_date", "end_date"];

/// One step of the rule by which one of several rows with the same key and different content is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConflictStep {
    /// The numbers of the rows are added up. It settles every conflict of rows that are alike in all else.
    Sum,
    /// The row that stands first in the file.
    First,
    /// The row that stands last in the file.
    Last,
    /// The rows whose column (index into [`Table::columns`]) holds the earliest of these canonical words; of a column of free text, whose
    /// text contains the earliest of these, in whatever case.
    Prefer(usize, Vec<String>),
    /// The rows whose text in this column (index into [`Table::columns`]) holds none of these; one of up to three letters is the whole text.
    Avoid(usize, Vec<String>),
    /// The rows in which these two columns (indices into [`Table::columns`]) hold the same value.
    Same(usize, usize),
    /// The rows with the smallest number or date in this column; an empty cell comes last.
    Smallest(usize),
    /// The rows with the largest number or date in this column; an empty cell comes last.
    Largest(usize),
    /// The rows with the latest date in this column; where it is empty nothing has ended yet, and that comes first.
    Longest(usize),
    /// The run is refused.
    Error,
}

impl ConflictStep {
    /// The step as a mapping says it.
    pub fn typed(&self, table: &Table) -> String {
        let name = |column: &usize| table.columns[*column].name;
        match self {
            Self::Sum => "sum".to_owned(),
            Self::First => "first".to_owned(),
            Self::Last => "last".to_owned(),
            Self::Error => "error".to_owned(),
            Self::Prefer(column, words) => format!("prefer:{}:{}", name(column), words.join(",")),
            Self::Avoid(column, words) => format!("avoid:{}:{}", name(column), words.join(",")),
            Self::Same(one, other) => format!("prefer:{}={}", name(one), name(other)),
            Self::Smallest(column) => format!("smallest:{}", name(column)),
            Self::Largest(column) => format!("largest:{}", name(column)),
            Self::Longest(column) => format!("longest:{}", name(column)),
        }
    }
}

/// What was typed about an export as a whole.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    conflicts: Vec<At<String>>,
    style: Option<At<String>>,
    end: Option<At<String>>,
    year_is: Option<At<String>>,
}

impl Declared {
    /// Reads the keys of a mapping or of a pipeline's source.
    pub(crate) fn read(section: &Section<'_, '_>) -> Self {
        Self {
            conflicts: section.texts("conflicts").unwrap_or_default(),
            style: section.text("style"),
            end: section.text("end"),
            year_is: section.text("year_is"),
        }
    }

    /// Applies what was typed to the mappings of a source, of which each takes what its table has a place for.
    pub(crate) fn apply(&self, source: &Source<'_>, mappings: &mut [&mut Mapping]) {
        if !self.conflicts.is_empty() {
            for mapping in mappings.iter_mut() {
                let table = mapping.table;
                mapping.conflicts = self
                    .conflicts
                    .iter()
                    .filter_map(|at| reported(source, at, step(table, &at.value)))
                    .collect();
            }
        }
        let each = |at: &Option<At<String>>,
                    words: [&str; 2],
                    mappings: &mut [&mut Mapping],
                    take: fn(&mut Mapping, &str) -> bool| {
            let Some(at) = at else { return };
            if !words.contains(&at.value.as_str()) {
                let message = format!(
                    "`{}` is neither `{}` nor `{}`",
                    at.value, words[0], words[1]
                );
                source.report(Diagnostic::error(Some(at.place.clone()), message));
                return;
            }
            let taken: Vec<bool> = mappings
                .iter_mut()
                .map(|mapping| take(mapping, &at.value))
                .collect();
            if !taken.contains(&true) {
                let message = "no column of this export's table is about that";
                source.report(Diagnostic::error(Some(at.place.clone()), message));
            }
        };
        each(
            &self.style,
            ["exceptions", "every_day"],
            mappings,
            take_style,
        );
        each(&self.end, ["day_after", "last_day"], mappings, take_end);
        each(&self.year_is, ["start", "end"], mappings, take_year);
    }
}

fn take_style(mapping: &mut Mapping, word: &str) -> bool {
    constant(mapping, "style", word)
}

fn take_end(mapping: &mut Mapping, word: &str) -> bool {
    let table = mapping.table;
    let exclusive = word == "day_after";
    let mut taken = false;
    for field in &mut mapping.columns {
        if END_DATES.contains(&table.columns[field.column].name) {
            field.add_days = if exclusive { -1 } else { 0 };
            taken = true;
        }
    }
    if taken {
        constant(
            mapping,
            "exit_exclusive",
            if exclusive { "true" } else { "false" },
        );
    }
    taken
}

fn take_year(mapping: &mut Mapping, word: &str) -> bool {
    let table = mapping.table;
    let mut taken = false;
    for field in &mut mapping.columns {
        // A year that is told by a date is told by the calendar.
        if table.columns[field.column].name == "school_year" && field.format.is_none() {
            field.add_years = i32::from(word == "start");
            taken = true;
        }
    }
    taken
}

/// Fills the canonical column `name` with the same word in every row; `false` where the table has no such column.
fn constant(mapping: &mut Mapping, name: &str, word: &str) -> bool {
    let Some(column) = mapping
        .table
        .columns
        .iter()
        .position(|one| one.name == name)
    else {
        return false;
    };
    mapping.columns.retain(|field| field.column != column);
    mapping.columns.push(Field::constant(column, word));
    mapping.columns.sort_by_key(|field| field.column);
    true
}

fn reported(
    source: &Source<'_>,
    at: &At<String>,
    step: Result<ConflictStep, Diagnostic>,
) -> Option<ConflictStep> {
    step.map_err(|problem| {
        source.report(Diagnostic {
            place: Some(at.place.clone()),
            ..problem
        });
    })
    .ok()
}

/// Reads one step: `sum`, `first`, `last`, `prefer:WORD,WORD`, `prefer:column=column`, `smallest:column`, `largest:column`, `longest:column`, `avoid:column:text,text`, `error`.
fn step(table: &'static Table, text: &str) -> Result<ConflictStep, Diagnostic> {
    let column = |name: &str| {
        let name = name.trim();
        let found = table.columns.iter().position(|one| one.name == name);
        found.ok_or_else(|| {
            let message = format!("table `{}` has no column `{name}`", table.name);
            let names = table.columns.iter().map(|one| one.name);
            Diagnostic::error(None, message).did_you_mean(nearest(name, names))
        })
    };
    let ordered = |name: &str| {
        let index = column(name)?;
        match table.columns[index].kind {
            Kind::Number(..) | Kind::Integer(..) | Kind::Date => Ok(index),
            _ => Err(Diagnostic::error(
                None,
                format!("column `{}` holds neither a number nor a date", name.trim()),
            )),
        }
    };
    match text.split_once(':') {
        None => match text {
            "sum" => Ok(ConflictStep::Sum),
            "first" => Ok(ConflictStep::First),
            "last" => Ok(ConflictStep::Last),
            "error" => Ok(ConflictStep::Error),
            _ => Err(unknown()),
        },
        Some(("smallest", name)) => ordered(name).map(ConflictStep::Smallest),
        Some(("largest", name)) => ordered(name).map(ConflictStep::Largest),
        Some(("longest", name)) => ordered(name).map(ConflictStep::Longest),
        Some(("avoid", rest)) => {
            let (name, words) = rest.split_once(':').ok_or_else(unknown)?;
            let words = words.split(',').map(|word| word.trim().to_lowercase());
            Ok(ConflictStep::Avoid(column(name)?, words.collect()))
        }
        Some(("prefer", words)) => match words.split_once('=') {
            Some((one, other)) => Ok(ConflictStep::Same(column(one)?, column(other)?)),
            None => preferred(table, words),
        },
        Some(_) => Err(unknown()),
    }
}

fn unknown() -> Diagnostic {
    Diagnostic::error(None, "a rule for conflicts is none of those that are known").hint(
        "known: `sum`, `first`, `last`, `prefer:WORD,WORD`, `prefer:column=column`, `smallest:column`, `largest:column`, `longest:column`, `error`",
    )
}

/// The column whose words these are: the only one that accepts all of them. `true` and `false` are words of a flag.
fn preferred(table: &Table, words: &str) -> Result<ConflictStep, Diagnostic> {
    let (named, words) = match words.split_once(':') {
        Some((column, words)) => (Some(column.trim()), words),
        None => (None, words),
    };
    let words: Vec<String> = words
        .split(',')
        .map(|word| word.trim().to_owned())
        .filter(|word| !word.is_empty())
        .collect();
    let takes = |kind: Kind| match kind {
        // Any text contains some words: only a column that is named is meant.
        Kind::Text => named.is_some(),
        Kind::Code(known) => words.iter().all(|word| known.contains(&word.as_str())),
        Kind::Flag => words.iter().all(|word| word == "true" || word == "false"),
        _ => false,
    };
    let mut found =
        table.columns.iter().enumerate().filter(|(_, column)| {
            takes(column.kind) && named.is_none_or(|named| named == column.name)
        });
    match (words.is_empty(), found.next(), found.next()) {
        (false, Some((index, _)), None) => Ok(ConflictStep::Prefer(index, words)),
        (false, Some(_), Some(_)) => {
            Err(Diagnostic::error(None, "several columns have these words")
                .hint("name the column: `prefer:COLUMN:WORD,WORD`"))
        }
        _ => Err(Diagnostic::error(
            None,
            format!("no column of table `{}` has these words", table.name),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: &str = "vendor = \"V\"\ntable = \"assessment_result\"\n[columns]\nstudent_id = { from = \"S\" }\nassessment = { value = \"a\" }\n\
        subject = { value = \"math\" }\ndate = { from = \"D\", format = \"iso\" }\nscale_score = { from = \"N\" }\n";

    fn parsed(text: &str) -> Result<Mapping, String> {
        Mapping::parse("m.toml", "m", text).map_err(|problems| {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            told.join("\n")
        })
    }

    fn scores(first: &str) -> Result<Mapping, String> {
        parsed(&format!("{first}\n{SCORES}"))
    }

    #[test]
    fn a_rule_for_conflicts_is_one_step_or_several() {
        let column = |name: &str, mapping: &Mapping| {
            let columns = mapping.table.columns.iter();
            columns
                .map(|column| column.name)
                .position(|one| one == name)
        };
        let mapping = scores("conflicts = [\"prefer:valid,rushed\", \"smallest:standard_error\", \"prefer:grade_level=enrolled_grade_level\"]").expect("a mapping");
        let of = |name| column(name, &mapping).expect("a column");
        let words = vec!["valid".to_owned(), "rushed".to_owned()];
        assert_eq!(
            mapping.conflicts,
            [
                ConflictStep::Prefer(of("test_status"), words),
                ConflictStep::Smallest(of("standard_error")),
                ConflictStep::Same(of("grade_level"), of("enrolled_grade_level")),
            ]
        );
        let typed: Vec<String> = mapping
            .conflicts
            .iter()
            .map(|step| format!("\"{}\"", step.typed(mapping.table)))
            .collect();
        let again = scores(&format!("conflicts = [{}]", typed.join(", "))).expect("a mapping");
        assert_eq!(again.conflicts, mapping.conflicts);
        assert_eq!(
            scores("conflicts = \"sum\"").expect("a mapping").conflicts,
            [ConflictStep::Sum]
        );
    }

    #[test]
    fn words_of_free_text_are_looked_for_in_a_column_that_is_named() {
        let incident = "vendor = \"V\"\ntable = \"discipline_incident\"\n[columns]\nincident_id = { from = \"I\" }\nstudent_id = { from = \"S\" }\n\
            date = { from = \"D\", format = \"iso\" }\nbehavior = { from = \"B\" }\n";
        let mapping = parsed(&format!(
            "conflicts = \"prefer:behavior:weapon,fight\"\n{incident}"
        ))
        .expect("a mapping");
        let behavior = mapping
            .table
            .columns
            .iter()
            .position(|one| one.name == "behavior");
        let words = vec!["weapon".to_owned(), "fight".to_owned()];
        assert_eq!(
            mapping.conflicts,
            [ConflictStep::Prefer(behavior.expect("a column"), words)]
        );
        let told = parsed(&format!("conflicts = \"prefer:weapon,fight\"\n{incident}"));
        assert!(told.expect_err("no column").contains("has these words"));
    }

    #[test]
    fn a_rule_that_cannot_be_is_refused_where_it_stands() {
        for (rule, wanted) in [
            ("biggest:scale_score", "none of those that are known"),
            ("smallest:standard_eror", "did you mean `standard_error`"),
            ("smallest:performance_level", "neither a number nor a date"),
            ("prefer:loud", "has these words"),
        ] {
            let told = scores(&format!("conflicts = \"{rule}\"")).expect_err("a problem");
            assert!(
                told.contains(wanted) && told.starts_with("m.toml:1:"),
                "{rule}: {told}"
            );
        }
    }

    #[test]
    fn dates_and_years_say_by_which_end_they_are_named() {
        let spell = "vendor = \"V\"\ntable = \"student_school\"\nend = \"day_after\"\n[columns]\nstudent_id = { from = \"S\" }\nschool_id = { from = \"H\" }\n\
            entry_date = { from = \"E\", format = \"iso\" }\nexit_date = { from = \"X\", format = \"iso\" }\n";
        let mapping = parsed(spell).expect("a mapping");
        assert_eq!(
            mapping.field("exit_date").map(|field| field.add_days),
            Some(-1)
        );
        assert_eq!(
            mapping.field("entry_date").map(|field| field.add_days),
            Some(0)
        );
        assert_eq!(
            mapping.field("exit_exclusive").map(|field| &field.from),
            Some(&crate::mapping::Origin::Constant("true".to_owned()))
        );
        let told = scores("end = \"day_after\"").expect_err("no end");
        assert!(told.contains("no column of this export's table"), "{told}");
        let told = scores("year_is = \"begin\"").expect_err("no word");
        assert!(told.contains("neither `start` nor `end`"), "{told}");
    }

    #[test]
    fn ids_are_put_together_and_alternatives_are_tried_in_order() {
        let section = "vendor = \"V\"\ntable = \"section\"\nyear_is = \"start\"\n[columns]\nsection_id = { from = [\"School_ID\", \"Section_ID\"] }\n\
            school_year = { from = \"Y\" }\nschool_id = { from = \"School_ID | Building\" }\nsubject = { value = \"math\" }\n";
        let mapping = parsed(section).expect("a mapping");
        let from = |name: &str| mapping.field(name).map(|field| field.from.clone());
        let names = |names: [&str; 2]| names.map(str::to_owned).to_vec();
        use crate::mapping::Origin::{Header, Joined};
        assert_eq!(
            from("section_id"),
            Some(Joined(names(["School_ID", "Section_ID"])))
        );
        assert_eq!(
            from("school_id"),
            Some(Header(names(["School_ID", "Building"])))
        );
        assert_eq!(
            mapping.field("school_year").map(|field| field.add_years),
            Some(1)
        );
        assert_eq!(mapping.key, mapping.table.key);
    }
}
