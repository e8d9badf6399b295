//! One outcome by several definitions: how many students each counts, and how many have what it asks for, together with what the other
//! definitions say of them. All definitions are asked in one query, whose result is a few numbers a school year: every student is
//! a pattern of answers, and students with the same pattern are counted. What may be told of it is decided elsewhere.

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use throughline_model::SchoolYear;
use throughline_model::definition::{Compared, Pattern, Patterns};
use throughline_model::pipeline::Pipeline;

use crate::bind::bind;
use crate::by_year::Relation;
use crate::columns::Columns;
use crate::error::LakeError;

/// What a definition can say of a student: nothing, no, yes.
const ANSWERS: i64 = 3;

/// The query of one comparison.
pub(super) fn relation(pipeline: &Pipeline, compared: &Compared) -> Result<Relation, LakeError> {
    let outcome = &pipeline.outcomes[compared.outcome];
    let shown = format!("{} by definition", outcome.id);
    let Some(measure) = pipeline.measure(&outcome.measure) else {
        return Err(LakeError::measure(shown, "there is no such measure"));
    };
    let chosen = std::iter::once(&outcome.params);
    let beside = compared.beside.iter().map(|one| &one.params);
    let mut weight = 1;
    let mut asked = Vec::new();
    for params in chosen.chain(beside) {
        let sql =
            bind(&measure.sql, params).map_err(|reason| LakeError::measure(&shown, reason))?;
        asked.push(format!(
            "SELECT student_id, school_year, CAST({weight} * CASE WHEN value > 0.5 THEN 2 ELSE 1 END AS BIGINT) AS answer \
             FROM (\n{sql}\n) WHERE value IS NOT NULL"
        ));
        weight = ANSWERS
            .checked_mul(weight)
            .ok_or_else(|| LakeError::measure(&shown, "there are too many definitions"))?;
    }
    Ok(Relation {
        name: format!("throughline_definitions_{}", outcome.id.replace('-', "_")),
        shown,
        committed: false,
        sql: format!(
            "WITH told AS (\n{}\n), student AS (\nSELECT student_id, school_year, CAST(sum(answer) AS BIGINT) AS pattern \
             FROM told GROUP BY student_id, school_year\n)\n\
             SELECT school_year, pattern, CAST(count(*) AS BIGINT) AS students FROM student \
             GROUP BY school_year, pattern ORDER BY school_year, pattern",
            asked.join("\nUNION ALL\n")
        ),
    })
}

/// The answers of a comparison, in the order of school years and patterns.
pub(super) fn read(
    compared: &Compared,
    rows: &[RecordBatch],
    (first, last): (SchoolYear, SchoolYear),
) -> Result<Patterns, LakeError> {
    let definitions = compared.beside.len() + 1;
    let mut found = Patterns {
        compared: compared.clone(),
        patterns: Vec::new(),
    };
    for batch in rows {
        let columns = Columns::new("definitions", batch);
        let years = columns.integers("school_year")?;
        let patterns = columns.longs("pattern")?;
        let students = columns.longs("students")?;
        for row in (0..batch.num_rows()).filter(|row| years.is_valid(*row)) {
            if (first..=last).contains(&years.value(row)) {
                found.patterns.push(Pattern {
                    school_year: years.value(row),
                    answers: answers(patterns.value(row), definitions),
                    students: students.value(row).unsigned_abs(),
                });
            }
        }
    }
    let key = |pattern: &Pattern| (pattern.school_year, pattern.answers.clone());
    found.patterns.sort_by_key(key);
    Ok(found)
}

/// What each definition says, the outcome's own first.
fn answers(mut pattern: i64, definitions: usize) -> Vec<Option<bool>> {
    (0..definitions)
        .map(|_| {
            let answer = pattern % ANSWERS;
            pattern /= ANSWERS;
            match answer {
                1 => Some(false),
                2 => Some(true),
                _ => None,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::answers;

    #[test]
    fn a_pattern_holds_one_answer_of_each_definition() {
        // Yes, nothing, no: 2 + 0 · 3 + 1 · 9.
        assert_eq!(answers(11, 3), [Some(true), None, Some(false)]);
        assert_eq!(answers(0, 2), [None, None]);
    }
}
