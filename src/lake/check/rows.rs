//! Rules about the rows of one table, as SQL.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Deserialize;
use throughline_model::check::{Behind, Check, Rule};
use throughline_model::quality::{Checkup, State};
use throughline_model::table::YearFrom;
use throughline_model::{Kind, Part, Pipeline, SchoolYear, Table};

use super::run::{Asked, Earlier, PLACES, counted, rows_of};
use super::session::{Session, quoted};
use super::{meaning, once};
use crate::by_year::Relation;
use crate::error::LakeError;

/// Releases that the number of rows is compared with.
pub(crate) const RELEASES: usize = 8;
/// The tables and columns whose newest date is the newest event.
const EVENTS: [(&str, &str); 6] = [
    ("attendance_event", "date"),
    ("discipline_incident", "date"),
    ("assessment_result", "date"),
    ("pd_participation", "date"),
    ("tool_usage", "date"),
    ("support_ticket", "opened_date"),
];

/// What checks ask of all rows, as relations: how often which value refers to another table, by school year; which rows the view in
/// a table's place counts elsewhere.
pub(super) fn relations(pipeline: &Pipeline, parts: &[Part]) -> Vec<Relation> {
    let mut relations: Vec<Relation> = Vec::new();
    for check in &pipeline.checks {
        let Rule::Refers { column, .. } = &check.rule else {
            if matches!(check.rule, Rule::Once { .. }) {
                relations.extend(once::relation(pipeline, check.table));
            }
            continue;
        };
        let name = referring(check.table, column);
        let known = relations.iter().any(|relation| relation.name == name);
        if !known && rows_of(parts, check.table.name) > 0 {
            relations.push(Relation {
                name,
                shown: format!("checks of {}.{column}", check.table.name),
                sql: format!(
                    "SELECT r.{column} AS v, r.school_year, count(*) AS n FROM {} r WHERE r.{column} IS NOT NULL GROUP BY 1, 2",
                    check.table.name
                ),
                committed: true,
            });
        }
    }
    relations
}

fn referring(table: &Table, column: &str) -> String {
    format!("referring_{}_{column}", table.name)
}

/// Judges checks; what several ask is asked once.
pub(super) struct Judged<'a> {
    session: &'a Session<'a>,
    asked: &'a Asked<'a>,
    earlier: &'a Earlier,
    /// Rows that break row-by-row rules of a table, by check.
    broken: BTreeMap<&'static str, BTreeMap<String, u64>>,
    newest: BTreeMap<(&'static str, &'static str), Option<NaiveDate>>,
}

impl<'a> Judged<'a> {
    pub(super) fn new(
        session: &'a Session<'a>,
        asked: &'a Asked<'a>,
        earlier: &'a Earlier,
    ) -> Self {
        Self {
            session,
            asked,
            earlier,
            broken: BTreeMap::new(),
            newest: BTreeMap::new(),
        }
    }

    pub(super) fn rows(&self, table: &str) -> u64 {
        rows_of(self.asked.parts, table)
    }

    pub(super) fn judge(&mut self, check: &Check, checkup: Checkup) -> Result<Checkup, LakeError> {
        let name = check.table.name;
        match &check.rule {
            Rule::Refers { column, to, key } => {
                self.refers(checkup, check.table, column, (to, key))
            }
            Rule::Once { .. } => {
                once::judge(self.session, self.asked.pipeline, checkup, check.table)
            }
            Rule::OneMeaning { column, .. } => {
                meaning::judge(self.session, self.asked.pipeline, checkup, (name, column))
            }
            Rule::Unique { columns } => self.unique(checkup, check.table, columns),
            Rule::Fresh {
                column,
                days,
                behind,
            } => self.fresh(checkup, (name, column), *days, *behind),
            Rule::Rows { fewer, more } => Ok(self.drift(checkup, *fewer, *more)),
            rule => {
                let Some(breaks) = breaks(check.table, rule) else {
                    return Ok(checkup);
                };
                let broken = self.broken_of(check.table)?.get(&check.id()).copied();
                let broken = broken.unwrap_or_default();
                let places = match broken {
                    0 => Vec::new(),
                    _ => self
                        .session
                        .places(&format!("{name} r WHERE {breaks}"), PLACES)?,
                };
                Ok(counted(checkup, broken, places))
            }
        }
    }

    /// Counts the rows that break each row-by-row rule of a table, in one pass over those that break any.
    fn broken_of(&mut self, table: &'static Table) -> Result<&BTreeMap<String, u64>, LakeError> {
        if !self.broken.contains_key(table.name) {
            let rules: Vec<(String, String)> = self
                .asked
                .pipeline
                .checks
                .iter()
                .filter(|check| check.table.name == table.name)
                .filter_map(|check| Some((check.id(), breaks(check.table, &check.rule)?)))
                .collect();
            let counts: Vec<String> = rules
                .iter()
                .enumerate()
                .map(|(place, (_, breaks))| format!("count(*) FILTER (WHERE {breaks}) AS b{place}"))
                .collect();
            let any: Vec<&str> = rules.iter().map(|(_, breaks)| breaks.as_str()).collect();
            let rows: Vec<BTreeMap<String, u64>> = self.session.rows(&format!(
                "SELECT {} FROM {} r WHERE {}",
                counts.join(", "),
                table.name,
                any.join(" OR ")
            ))?;
            let counted = rows.into_iter().next().unwrap_or_default();
            let found = rules
                .into_iter()
                .enumerate()
                .map(|(place, (id, _))| {
                    let count = counted.get(&format!("b{place}")).copied();
                    (id, count.unwrap_or_default())
                })
                .collect();
            self.broken.insert(table.name, found);
        }
        Ok(&self.broken[table.name])
    }

    fn refers(
        &self,
        checkup: Checkup,
        table: &Table,
        column: &str,
        (to, key): (&Table, &str),
    ) -> Result<Checkup, LakeError> {
        let by_year = to.key.contains(&"school_year") && table.year != YearFrom::Never;
        let (other_year, and) = if by_year {
            (", school_year AS y", " AND k.y = r.school_year")
        } else {
            ("", "")
        };
        let known = format!(
            "(SELECT DISTINCT {key} AS v{other_year} FROM {}) k",
            to.name
        );
        let referring = referring(table, column);
        self.session.bring(&referring)?;
        let broken = self.session.number(&format!(
            "SELECT sum(r.n) AS n FROM {referring} r LEFT JOIN {known} ON k.v = r.v{and} WHERE k.v IS NULL"
        ))?;
        let places = match broken {
            0 => Vec::new(),
            _ => self.session.places(
                &format!(
                    "{} r LEFT JOIN {known} ON k.v = r.{column}{and} WHERE r.{column} IS NOT NULL AND k.v IS NULL",
                    table.name
                ),
                PLACES,
            )?,
        };
        Ok(counted(checkup, broken, places))
    }

    fn unique(
        &self,
        checkup: Checkup,
        table: &Table,
        columns: &[&'static str],
    ) -> Result<Checkup, LakeError> {
        let Some(only) = self.shared_years(table, columns) else {
            return Ok(checkup);
        };
        let list = columns.join(", ");
        let twice = format!(
            "SELECT {list}, count(*) AS n FROM {} r{only} GROUP BY {list} HAVING count(*) > 1",
            table.name
        );
        let broken = self
            .session
            .number(&format!("SELECT sum(n - 1) AS n FROM ({twice})"))?;
        let same: Vec<String> = columns
            .iter()
            .map(|column| format!("(r.{column} IS NOT DISTINCT FROM d.{column})"))
            .collect();
        let places = match broken {
            0 => Vec::new(),
            _ => self.session.places(
                &format!(
                    "{} r JOIN ({twice}) d ON {}{only}",
                    table.name,
                    same.join(" AND ")
                ),
                PLACES,
            )?,
        };
        Ok(counted(checkup, broken, places))
    }

    /// Where rows can share a table's key: the reader keeps it unique within a source, so only in school years that several
    /// sources have rows of. `None`: nowhere. Other columns can be shared anywhere.
    fn shared_years(&self, table: &Table, columns: &[&str]) -> Option<String> {
        if columns != table.key {
            return Some(String::new());
        }
        let mut sources: BTreeMap<Option<SchoolYear>, BTreeSet<&str>> = BTreeMap::new();
        let parts = self.asked.parts.iter();
        for part in parts.filter(|part| part.table == table.name && part.rows > 0) {
            let years = part.years.map_or(vec![None], |(first, last)| {
                (first..=last).map(Some).collect()
            });
            for year in years {
                sources.entry(year).or_default().insert(&part.source);
            }
        }
        let shared: Vec<Option<SchoolYear>> = sources
            .iter()
            .filter(|(_, sources)| sources.len() > 1)
            .map(|(year, _)| *year)
            .collect();
        if shared.is_empty() {
            return None;
        }
        if shared.contains(&None) {
            return Some(String::new());
        }
        let years: Vec<String> = shared
            .into_iter()
            .flatten()
            .map(|year| year.to_string())
            .collect();
        Some(format!(" WHERE r.school_year IN ({})", years.join(", ")))
    }

    fn fresh(
        &mut self,
        checkup: Checkup,
        (table, column): (&'static str, &'static str),
        days: u32,
        behind: Behind,
    ) -> Result<Checkup, LakeError> {
        let newest = self.newest(table, column)?;
        let against = match behind {
            Behind::Today => Some(self.asked.today),
            Behind::Release => {
                let mut latest = None;
                for (table, column) in EVENTS {
                    latest = latest.max(self.newest(table, column)?);
                }
                latest
            }
        };
        let (Some(newest), Some(against)) = (newest, against) else {
            return Ok(Checkup {
                state: State::NotRun,
                found: "no date in the school years of the pipeline".to_owned(),
                ..checkup
            });
        };
        let age = (against - newest).num_days();
        Ok(Checkup {
            state: if age > i64::from(days) {
                State::Failed
            } else {
                State::Passed
            },
            found: format!(
                "the newest is {newest}, {} days behind {against}",
                age.max(0)
            ),
            ..checkup
        })
    }

    /// The newest date of a table, in the last school year that the pipeline is about: a mistyped year is not news.
    fn newest(
        &mut self,
        table: &'static str,
        column: &'static str,
    ) -> Result<Option<NaiveDate>, LakeError> {
        if let Some(known) = self.newest.get(&(table, column)) {
            return Ok(*known);
        }
        #[derive(Deserialize)]
        struct Row {
            #[serde(default)]
            newest: Option<NaiveDate>,
        }
        let last = last_year(self.asked, table);
        let found = match last {
            None => None,
            Some(year) => {
                let rows: Vec<Row> = self.session.rows(&format!(
                    "SELECT CAST(max({column}) AS VARCHAR) AS newest FROM {table} WHERE school_year = {year}"
                ))?;
                rows.first().and_then(|row| row.newest)
            }
        };
        self.newest.insert((table, column), found);
        Ok(found)
    }

    fn drift(&self, checkup: Checkup, fewer: Option<f64>, more: Option<f64>) -> Checkup {
        let mut before: Vec<u64> = self
            .earlier
            .iter()
            .map(|rows| rows.get(&checkup.table).copied().unwrap_or_default())
            .collect();
        before.sort_unstable();
        let Some(middle) = before.get(before.len() / 2).filter(|rows| **rows > 0) else {
            return Checkup {
                state: State::NotRun,
                found: "no earlier release has rows to compare with".to_owned(),
                ..checkup
            };
        };
        let (now, then) = (checkup.rows as f64, *middle as f64);
        let failed = fewer.is_some_and(|share| now < (1.0 - share) * then)
            || more.is_some_and(|share| now > (1.0 + share) * then);
        Checkup {
            state: if failed { State::Failed } else { State::Passed },
            found: format!(
                "{} rows now, {middle} in the middle of the last {}",
                checkup.rows,
                before.len()
            ),
            ..checkup
        }
    }
}

/// The last school year of the pipeline's that a table has rows of.
pub(super) fn last_year(asked: &Asked<'_>, table: &str) -> Option<SchoolYear> {
    let (_, last) = asked.pipeline.calendar.years;
    asked
        .parts
        .iter()
        .filter(|part| part.table == table && part.rows > 0)
        .filter_map(|part| part.years)
        .filter(|(first, _)| *first <= last)
        .map(|(_, year)| year.min(last))
        .max()
}

/// What holds for a row that breaks a row-by-row rule; rows are called `r`.
fn breaks(table: &Table, rule: &Rule) -> Option<String> {
    let bound = |column: &str, value: &String| match table.column(column).map(|c| c.kind) {
        Some(Kind::Date) => format!("DATE {}", quoted(value)),
        _ => value.clone(),
    };
    match rule {
        Rule::Required { column } => Some(format!("r.{column} IS NULL")),
        Rule::Range { column, from, to } => {
            let below = from
                .as_ref()
                .map(|from| format!("r.{column} < {}", bound(column, from)));
            let above = to
                .as_ref()
                .map(|to| format!("r.{column} > {}", bound(column, to)));
            let both: Vec<String> = below.into_iter().chain(above).collect();
            Some(format!("({})", both.join(" OR ")))
        }
        Rule::Accepted { column, values } => {
            let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
            Some(format!("r.{column} NOT IN ({})", values.join(", ")))
        }
        _ => None,
    }
}
