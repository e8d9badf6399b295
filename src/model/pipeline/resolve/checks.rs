//! Checks: those that come with Throughline, as far as the pipeline has sources for their tables, replaced and joined by the pipeline's own.

use super::Resolver;
use crate::check::{Behind, Check, OF_PROGRAM, Rule, SHIPPED, Severity};
use crate::diagnostic::{Diagnostic, Place};
use crate::membership;
use crate::pipeline::file::{
    AcceptedEntry, CheckEntry, FreshEntry, PipelineFile, RefersEntry, RowsEntry, check_entries,
};
use crate::pipeline::meaning::Source as ExportSource;
use crate::suggest::nearest;
use crate::table::{Column, Kind, Table, YearFrom};
use crate::tables;
use crate::toml_section::{At, Section, Source};

/// Every table that a source fills.
const EVERY: &str = "*";
/// For `unique`: the columns that identify a row.
const KEY: &str = "key";
/// For `linked`: every column that holds a person's ID.
const PEOPLE: &str = "people";

impl Resolver<'_, '_> {
    /// The checks of the pipeline, in the order of the tables.
    pub(super) fn checks(&self, file: &PipelineFile, sources: &[ExportSource]) -> Vec<Check> {
        let fills = |table: &Table| {
            sources
                .iter()
                .any(|source| source.mapping.table.name == table.name)
        };
        let shipped = Source::new("built-in checks", SHIPPED);
        let root = shipped.parse();
        let top = Section::new(&shipped, &root, "the built-in checks");
        let entries = check_entries(&top);
        top.finish();
        let mut checks: Vec<Check> = Vec::new();
        let mut add = |source: &Source<'_>, entry: &CheckEntry, declared: bool| {
            for (check, severity) in read(source, entry, declared, &fills) {
                checks.retain(|known| known.id() != check.id());
                if let Some(severity) = severity {
                    checks.push(Check { severity, ..check });
                }
            }
        };
        for entry in &entries {
            add(&shipped, entry, false);
        }
        for entry in &file.checks {
            add(self.source, entry, true);
        }
        for problem in shipped.into_problems() {
            self.source.report(problem);
        }
        let place = |table: &Table| tables::TABLES.iter().position(|at| at.name == table.name);
        checks.sort_by_key(|check| place(check.table));
        checks
    }
}

/// The checks that an entry stands for, and their severity; `None` switches them off.
fn read(
    source: &Source<'_>,
    entry: &CheckEntry,
    declared: bool,
    fills: &impl Fn(&Table) -> bool,
) -> Vec<(Check, Option<Severity>)> {
    let (severity, at_most) = (severity(source, entry), at_most(source, entry));
    let Some(named) = &entry.table else {
        return Vec::new();
    };
    let tables: Vec<&'static Table> = if named.value == EVERY {
        tables::TABLES.iter().filter(|table| fills(table)).collect()
    } else {
        table(source, named)
            .into_iter()
            .filter(|table| declared || fills(table))
            .collect()
    };
    if declared
        && let [only] = tables.as_slice()
        && !fills(only)
    {
        let message = format!("no source of the pipeline fills table `{}`", only.name);
        source.report(Diagnostic::error(Some(named.place.clone()), message));
    }
    let every = named.value == EVERY;
    tables
        .into_iter()
        .flat_map(|table| {
            rules(source, entry, table, every)
                .into_iter()
                .map(move |rule| (table, rule))
        })
        .filter(|(_, rule)| match rule {
            Rule::Refers { to, .. } | Rule::OneMeaning { to, .. } => declared || fills(to),
            _ => true,
        })
        .map(|(table, rule)| {
            let check = Check {
                table,
                rule,
                at_most,
                severity: Severity::Note,
                declared,
            };
            (check, severity)
        })
        .collect()
}

fn severity(source: &Source<'_>, entry: &CheckEntry) -> Option<Severity> {
    let Some(typed) = &entry.severity else {
        return Some(Severity::Warn);
    };
    match typed.value.as_str() {
        "note" => Some(Severity::Note),
        "warn" => Some(Severity::Warn),
        "error" => Some(Severity::Error),
        "off" => None,
        other => {
            let known = ["note", "warn", "error", "off"];
            source.report(
                Diagnostic::error(
                    Some(typed.place.clone()),
                    format!("unknown severity `{other}`"),
                )
                .did_you_mean(nearest(other, known))
                .hint("severities: `note`, `warn`, `error`, `off`"),
            );
            Some(Severity::Warn)
        }
    }
}

fn at_most(source: &Source<'_>, entry: &CheckEntry) -> f64 {
    let Some(typed) = &entry.at_most else {
        return 0.0;
    };
    if !(0.0..=1.0).contains(&typed.value) {
        let message = "`at_most` is a share between 0 and 1";
        source.report(Diagnostic::error(Some(typed.place.clone()), message));
    }
    typed.value
}

fn table(source: &Source<'_>, named: &At<String>) -> Option<&'static Table> {
    let found = tables::find(&named.value).filter(|table| table.name != "reject");
    if found.is_none() {
        let near = nearest(&named.value, tables::TABLES.iter().map(|table| table.name));
        let message = format!("no canonical table is named `{}`", named.value);
        source.report(Diagnostic::error(Some(named.place.clone()), message).did_you_mean(near));
    }
    found
}

fn column(
    source: &Source<'_>,
    table: &'static Table,
    named: Option<&At<String>>,
) -> Option<&'static Column> {
    let named = named?;
    let found = table.column(&named.value);
    if found.is_none() {
        let near = nearest(&named.value, table.columns.iter().map(|column| column.name));
        let message = format!("table `{}` has no column `{}`", table.name, named.value);
        source.report(Diagnostic::error(Some(named.place.clone()), message).did_you_mean(near));
    }
    found
}

/// What an entry asks of a table; exactly one rule, which `linked = "people"` asks of every person column.
fn rules(source: &Source<'_>, entry: &CheckEntry, table: &'static Table, every: bool) -> Vec<Rule> {
    let problem = |place: &Place, message: &str| {
        source.report(Diagnostic::error(Some(place.clone()), message));
    };
    let mut found: Vec<Vec<Rule>> = Vec::new();
    if let Some(named) = &entry.required {
        let column = column(source, table, Some(named));
        found.push(one(column.map(|column| Rule::Required {
            column: column.name,
        })));
    }
    if let Some(named) = &entry.one_meaning {
        found.push(one(one_meaning(source, table, named)));
    }
    if let Some(named) = &entry.once {
        let column = column(source, table, Some(named));
        found.push(one(column.map(|column| Rule::Once {
            column: column.name,
        })));
    }
    if let Some(named) = &entry.unique {
        found.push(one(unique(source, table, named, every)));
    }
    if let Some(named) = &entry.linked {
        found.push(linked(source, table, named, of_program(source, entry)));
    }
    if let Some(named) = &entry.agrees {
        found.push(agrees(source, table, named, every));
    }
    if let Some(range) = &entry.range {
        found.push(one(self::range(source, entry, table, range)));
    }
    if let Some(AcceptedEntry {
        column: named,
        values,
    }) = &entry.accepted
    {
        let column = column(source, table, named.as_ref());
        if column.is_some_and(|column| !column.kind.is_text() || column.kind.is_person()) {
            problem(&entry.place, "`accepted` is about a column of text");
        }
        found.push(one(column.map(|column| Rule::Accepted {
            column: column.name,
            values: values.iter().map(|value| value.value.clone()).collect(),
        })));
    }
    if let Some(RefersEntry { column, to }) = &entry.refers {
        found.push(one(refers(source, table, column.as_ref(), to.as_ref())));
    }
    if let Some(FreshEntry {
        column: named,
        days,
        behind,
    }) = &entry.fresh
    {
        let column = column(source, table, named.as_ref());
        if column.is_some_and(|column| column.kind != Kind::Date) {
            problem(&entry.place, "`fresh` is about a column of dates");
        }
        let behind = match behind
            .as_ref()
            .map(|word| (word.value.as_str(), &word.place))
        {
            None | Some(("release", _)) => Behind::Release,
            Some(("today", _)) => Behind::Today,
            Some((_, place)) => {
                problem(place, "`behind` is `release` or `today`");
                Behind::Release
            }
        };
        let days = days.as_ref().and_then(|days| {
            let whole = u32::try_from(days.value).ok();
            if whole.is_none() {
                problem(&days.place, "`days` is 0 or more");
            }
            whole
        });
        found.push(one(column.zip(days).map(|(column, days)| Rule::Fresh {
            column: column.name,
            days,
            behind,
        })));
    }
    if let Some(RowsEntry { fewer, more }) = &entry.rows {
        if fewer.is_none() && more.is_none() {
            problem(&entry.place, "`rows` needs `fewer`, `more` or both");
        }
        for share in [fewer, more].into_iter().flatten() {
            if share.value <= 0.0 {
                problem(&share.place, "a share of rows must be above 0");
            }
        }
        found.push(vec![Rule::Rows {
            fewer: fewer.as_ref().map(|share| share.value),
            more: more.as_ref().map(|share| share.value),
        }]);
    }
    if let Some(asked) = &entry.conflicts {
        if !asked.value {
            problem(
                &asked.place,
                "`conflicts` is `true`; `severity = \"off\"` leaves the check out",
            );
        }
        found.push(vec![Rule::Conflicts]);
    }
    if let (Some(share), None) = (&entry.of_program, &entry.linked) {
        problem(&share.place, "`of_program` belongs to `linked`");
    }
    if let Some(asked) = &entry.member {
        found.push(one(member(source, entry, table, asked)));
    }
    if found.len() != 1 {
        source.report(
            Diagnostic::error(
                Some(entry.place.clone()),
                "a check has exactly one rule",
            )
            .hint("rules: `required`, `unique`, `range`, `accepted`, `refers`, `linked`, `agrees`, `once`, `one_meaning`, `fresh`, `rows`, `conflicts`, `member`"),
        );
        return Vec::new();
    }
    found.into_iter().flatten().collect()
}

/// Days of membership are counted where a release is measured, so that what is found then can stop no release.
fn member(
    source: &Source<'_>,
    entry: &CheckEntry,
    table: &Table,
    asked: &At<bool>,
) -> Option<Rule> {
    let problem = |message: &str| {
        source.report(Diagnostic::error(Some(asked.place.clone()), message));
    };
    if !asked.value {
        problem("`member` is `true`; `severity = \"off\"` leaves the check out");
    }
    if !membership::TABLES.contains(&table.name) {
        problem("`member` is about attendance, incidents and actions");
        return None;
    }
    if entry
        .severity
        .as_ref()
        .is_some_and(|severity| severity.value == "error")
    {
        problem("`member` is judged once the release is there: its severity is `note` or `warn`");
    }
    Some(Rule::Member)
}

fn one(rule: Option<Rule>) -> Vec<Rule> {
    rule.into_iter().collect()
}

fn unique(
    source: &Source<'_>,
    table: &'static Table,
    named: &[At<String>],
    every: bool,
) -> Option<Rule> {
    if let [only] = named
        && only.value == KEY
    {
        return Some(Rule::Unique {
            columns: table.key.to_vec(),
        });
    }
    let columns: Vec<_> = named
        .iter()
        .filter_map(|name| column(source, table, Some(name)))
        .map(|column| column.name)
        .collect();
    (!columns.is_empty() && !every && columns.len() == named.len())
        .then_some(Rule::Unique { columns })
}

/// Share of a program's people who may lead to nobody.
fn of_program(source: &Source<'_>, entry: &CheckEntry) -> f64 {
    let Some(typed) = &entry.of_program else {
        return OF_PROGRAM;
    };
    if !(0.0..=1.0).contains(&typed.value) {
        let message = "`of_program` is a share between 0 and 1";
        source.report(Diagnostic::error(Some(typed.place.clone()), message));
    }
    typed.value
}

fn linked(
    source: &Source<'_>,
    table: &'static Table,
    named: &At<String>,
    of_program: f64,
) -> Vec<Rule> {
    // A roster is what the others are linked to, and a crosswalk is how.
    let leads = |column: &&Column| {
        column.kind.is_person()
            && !matches!(
                table.name,
                "student" | "staff" | "student_identity" | "staff_identity"
            )
    };
    if named.value == PEOPLE {
        let columns = table.columns.iter().filter(leads);
        return columns
            .map(|column| Rule::Linked {
                column: column.name,
                of_program,
            })
            .collect();
    }
    let found = column(source, table, Some(named));
    if let Some(column) = found
        && !leads(&column)
    {
        let message = "`linked` is about a column with people's IDs, outside the student, staff and crosswalk tables";
        source.report(Diagnostic::error(Some(named.place.clone()), message));
        return Vec::new();
    }
    one(found.map(|column| Rule::Linked {
        column: column.name,
        of_program,
    }))
}

/// The school year of a table whose exports say it themselves; goals of a plan are about the year that they say, and no other.
fn agrees(
    source: &Source<'_>,
    table: &'static Table,
    named: &At<String>,
    every: bool,
) -> Vec<Rule> {
    let says = table.year == YearFrom::Column && table.name != "school_plan_goal";
    if every && !says {
        return Vec::new();
    }
    let found = column(source, table, Some(named));
    if let Some(column) = found
        && (!says || column.name != "school_year")
    {
        let message = "`agrees` is about the `school_year` that an export says itself";
        source.report(Diagnostic::error(Some(named.place.clone()), message));
        return Vec::new();
    }
    one(found.map(|column| Rule::Agrees {
        column: column.name,
    }))
}

/// IDs that are unique only within a school, and the tables that say what they mean.
const WITHIN_SCHOOL: [(&str, &str, &str); 4] = [
    ("student_section", "section_id", "section"),
    ("staff_section", "section_id", "section"),
    ("course_mark", "section_id", "section"),
    ("discipline_action", "incident_id", "discipline_incident"),
];

fn one_meaning(source: &Source<'_>, table: &'static Table, named: &At<String>) -> Option<Rule> {
    let column = column(source, table, Some(named))?.name;
    let mut known = WITHIN_SCHOOL.iter();
    let found = known.find(|(of, id, _)| *of == table.name && *id == column);
    if found.is_none() {
        let known = WITHIN_SCHOOL.map(|(table, id, _)| format!("`{table}.{id}`"));
        let message = format!("nothing is known of what `{}.{column}` means", table.name);
        source.report(
            Diagnostic::error(Some(named.place.clone()), message)
                .hint(format!("`one_meaning` is about {}", known.join(", "))),
        );
    }
    let to = tables::find(found?.2)?;
    Some(Rule::OneMeaning { column, to })
}

fn range(
    source: &Source<'_>,
    entry: &CheckEntry,
    table: &'static Table,
    typed: &[(At<String>, At<String>)],
) -> Option<Rule> {
    let problem = |place: &Place, message: String| {
        source.report(Diagnostic::error(Some(place.clone()), message));
    };
    let (mut named, mut from, mut to) = (None, None, None);
    for (key, value) in typed {
        match key.value.as_str() {
            "column" => named = Some(value),
            "from" => from = Some(value),
            "to" => to = Some(value),
            other => problem(
                &key.place,
                format!("`range` has `column`, `from` and `to`, not `{other}`"),
            ),
        }
    }
    if named.is_none() {
        problem(&entry.place, "`range` needs the key `column`".to_owned());
    }
    if from.is_none() && to.is_none() {
        problem(
            &entry.place,
            "`range` needs `from`, `to` or both".to_owned(),
        );
    }
    let column = column(source, table, named)?;
    let bound = |typed: Option<&At<String>>| {
        let typed = typed?;
        let fits = match column.kind {
            Kind::Number(..) | Kind::Integer(..) => {
                typed.value.parse::<f64>().is_ok_and(f64::is_finite)
            }
            Kind::Date => typed.value.parse::<chrono::NaiveDate>().is_ok(),
            _ => false,
        };
        if !fits {
            problem(
                &typed.place,
                format!(
                    "`{}` is no number or date that `{}` can be compared with",
                    typed.value, column.name
                ),
            );
        }
        fits.then(|| typed.value.clone())
    };
    let (from, to) = (bound(from), bound(to));
    (from.is_some() || to.is_some()).then_some(Rule::Range {
        column: column.name,
        from,
        to,
    })
}

/// `to` is a table, whose key's first column is meant, or `table.column`.
fn refers(
    source: &Source<'_>,
    table_of: &'static Table,
    named: Option<&At<String>>,
    to: Option<&At<String>>,
) -> Option<Rule> {
    let from = column(source, table_of, named);
    let typed = to?;
    let (name, key) = match typed.value.split_once('.') {
        Some((name, key)) => (name, Some(key)),
        None => (typed.value.as_str(), None),
    };
    let at = |value: &str| At {
        value: value.to_owned(),
        place: typed.place.clone(),
    };
    let to = table(source, &at(name))?;
    let key = match key {
        Some(key) => column(source, to, Some(&at(key)))?.name,
        None => to.key.first()?,
    };
    Some(Rule::Refers {
        column: from?.name,
        to,
        key,
    })
}
