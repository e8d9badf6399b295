//! How much a file is like a table: are its required fields there, do the fields it fills belong to few tables, do the words
//! of the header belong to files of this table, is the file called so. A field that every table has (`student_id`, `date`)
//! says little about which one it is; `behavior` says it all.

use super::assign::{Columns, Pair};
use super::names::words;
use super::vocabulary::Vocabulary;
use crate::table::Table;
use crate::tables::TABLES;

/// What each kind of evidence counts.
const REQUIRED: f64 = 0.42;
const RARE: f64 = 0.2;
const WORDS: f64 = 0.26;
const CALLED: f64 = 0.12;
/// What every required field that is nowhere costs.
const LOST: f64 = 0.6;
/// What a required field counts that most mappings of the table fill with a value.
const GIVEN: f64 = 0.6;

/// What a missing school year costs: rosters often say it in the folder's name only.
const LOST_YEAR: f64 = 0.8;
/// What every export repeats about a student, whatever it is about.
const REPEATED: [&str; 6] = [
    "gender",
    "race_ethnicity",
    "economically_disadvantaged",
    "english_learner",
    "disability",
    "homeless",
];

/// Words that the headers of most files have.
const EVERYWHERE: [&str; 3] = ["student", "staff", "school"];

/// How much a field says about which table it is, from 0 to 1: 1 where only one table has it.
fn rarity(field: &str) -> f64 {
    if REPEATED.contains(&field) {
        return 0.25;
    }
    let having = TABLES
        .iter()
        .filter(|table| table.column(field).is_some())
        .count();
    let tables = TABLES.len() as f64;
    (tables / having.max(1) as f64).ln() / tables.ln()
}

/// How much the file is like `table`, from 0 to 1; `about` is what the words of its header say of that.
pub(super) fn score(
    table: &Table,
    pairs: &[Pair],
    stem: &str,
    about: f64,
    columns: &Columns<'_>,
    vocabulary: &Vocabulary,
) -> f64 {
    let (mut sum, mut all, mut lost) = (0.0, 0.0, 1.0);
    for (field, column) in table.columns.iter().enumerate() {
        if !column.required {
            continue;
        }
        let counts = 0.3 + 0.7 * rarity(column.name);
        match pairs.iter().find(|pair| pair.field == field) {
            Some(pair) => {
                sum += counts * pair.score;
                all += counts;
            }
            None if matches!(column.name, "person_type" | "id_system")
                || vocabulary.usually_given(table.name, column.name) =>
            {
                sum += 0.5 * counts * GIVEN;
                all += 0.5 * counts;
            }
            None => {
                all += counts;
                lost *= if column.name == "school_year" {
                    LOST_YEAR
                } else {
                    LOST
                };
            }
        }
    }
    // Few and common fields are easily there.
    let weighty = f64::min(1.0, 1.25 * all / (all + 0.7));
    let present = sum / f64::max(all, 1e-9) * lost * weighty;
    let rare: f64 = pairs
        .iter()
        .map(|pair| pair.score * rarity(table.columns[pair.field].name))
        .sum();
    let own = words(table.name);
    let (title, heads) = (words(stem), columns.words.concat());
    let said = |word: &&String| {
        title.contains(word) || heads.contains(word) && !EVERYWHERE.contains(&word.as_str())
    };
    let called = own.iter().filter(said).count() as f64 / own.len().max(1) as f64;
    let whole = REQUIRED * present + RARE * rare / (rare + 1.5) + WORDS * about + CALLED * called;
    whole.min(1.0)
}
