//! The page: one HTML file without script and without network, for the screen and for paper.
//!
//! The template (`templates/report.html`, askama: checked when this crate is compiled, escapes by itself) only lays out;
//! what it shows is put into words and order here. Charts and tables come in as finished HTML.

mod checks;
mod designs;
mod findings;
mod grid;
mod next;
mod parts;
pub(crate) mod quality;
mod read;

use askama::Template;

use crate::chart::designs::DesignCharts;
use crate::chart::{self, Chart};
use crate::content::{Content, Program};
use crate::error::ReportError;
use crate::table::{Cell, Table};
use crate::words;
use crate::write::Charts;

/// Heading of the page.
pub(crate) const TITLE: &str = "What went with better outcomes";

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'r> {
    title: &'static str,
    faces: &'static str,
    style: &'static str,
    version: &'r str,
    district: &'r str,
    period: String,
    headline: String,
    caution: String,
    cards: Vec<grid::Card>,
    withheld: Option<String>,
    grid_outcomes: Vec<&'r str>,
    grid: Vec<grid::Row>,
    next: Vec<next::Program>,
    how: [String; 4],
    findings: Vec<findings::Group>,
    rankings: Vec<Figure>,
    coverage: Option<Figure>,
    programs: Vec<Section>,
    subgroups: Vec<(String, String)>,
    doses: Vec<Figure>,
    open: Option<String>,
    limits: Vec<String>,
    quality: String,
    sources: String,
    links: Option<String>,
    added: Vec<(String, String)>,
    method: Vec<String>,
    definitions: String,
    beside: Vec<String>,
    provenance: Vec<(&'static str, String)>,
}

/// A chart and its numbers.
struct Figure {
    svg: String,
    table: String,
}

/// One program's section.
struct Section {
    stem: String,
    label: String,
    about: String,
    facts: Vec<(&'static str, String)>,
    forest: Option<Figure>,
    check_names: Vec<String>,
    check_outcomes: Vec<String>,
    checks: Vec<checks::Line>,
    failures: Vec<(String, String)>,
    lost: Vec<(String, String)>,
    all_checks: String,
    /// What every design says.
    designs: Option<String>,
    not_run: Vec<(String, String)>,
    design_figures: Vec<Figure>,
    design_tables: Vec<String>,
    sizes: Option<String>,
    raise: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "table.html")]
struct Sheet {
    caption: String,
    class: &'static str,
    columns: Vec<(String, bool)>,
    rows: Vec<Vec<SheetCell>>,
}

#[derive(Clone)]
struct SheetCell {
    text: String,
    /// Second line, smaller.
    below: String,
    /// Said to those who do not see the shape.
    unseen: &'static str,
    is_header: bool,
    is_number: bool,
    slug: Option<&'static str>,
}

impl SheetCell {
    fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            below: String::new(),
            unseen: "",
            is_header: false,
            is_number: false,
            slug: None,
        }
    }

    fn header(text: impl Into<String>) -> Self {
        Self {
            is_header: true,
            ..Self::text(text)
        }
    }
}

/// The whole page.
pub(crate) fn write(content: &Content<'_>, charts: &Charts) -> Result<String, ReportError> {
    let report = content.report;
    let figures = |charts: &[Option<Chart>]| {
        charts
            .iter()
            .flatten()
            .map(figure)
            .collect::<Result<Vec<_>, _>>()
    };
    let page = Page {
        title: TITLE,
        faces: chart::faces().trim_end(),
        style: include_str!("../templates/report.css").trim_end(),
        version: &report.provenance.version,
        district: &report.district,
        period: words::period(report),
        headline: words::headline(content),
        caution: words::caution(content),
        cards: grid::cards(content),
        withheld: grid::withheld(content),
        grid_outcomes: content
            .outcomes
            .iter()
            .map(|outcome| outcome.label)
            .collect(),
        grid: grid::rows(content),
        next: next::programs(content),
        how: words::how_to_read(report),
        findings: findings::groups(content),
        rankings: charts
            .rankings
            .iter()
            .map(figure)
            .collect::<Result<_, _>>()?,
        coverage: charts.coverage.as_ref().map(figure).transpose()?,
        programs: content
            .programs
            .iter()
            .zip(charts.forests.iter().zip(&charts.designs))
            .map(|(program, (forest, designs))| section(content, program, forest.as_ref(), designs))
            .collect::<Result<_, _>>()?,
        subgroups: parts::subgroups(content)?,
        doses: figures(&charts.doses)?,
        open: parts::open(content)?,
        limits: parts::limits(content),
        quality: read::told(report),
        sources: read::sources(report)?,
        links: parts::links(content)?,
        added: parts::added(content),
        method: parts::method(content),
        definitions: parts::definitions(content)?,
        beside: read::beside(report)?,
        provenance: parts::provenance(content),
    };
    Ok(page.render()? + "\n")
}

fn figure(chart: &Chart) -> Result<Figure, ReportError> {
    Ok(Figure {
        svg: chart::inline(chart),
        table: sheet(&chart.table, chart.title.clone(), "numbers")?,
    })
}

/// A table of this report as HTML. Its first column names the rows.
fn sheet(table: &Table, caption: String, class: &'static str) -> Result<String, ReportError> {
    let rows = table
        .rows
        .iter()
        .map(|row| {
            row.iter()
                .zip(&table.columns)
                .enumerate()
                .map(|(place, (cell, column))| SheetCell {
                    is_header: place == 0,
                    is_number: column.is_numeric()
                        && matches!(cell, Cell::Number(_) | Cell::Count(_)),
                    ..SheetCell::text(cell.show(column.kind))
                })
                .collect()
        })
        .collect();
    let columns = table
        .columns
        .iter()
        .map(|column| (column.label.to_owned(), column.is_numeric()))
        .collect();
    Ok(Sheet {
        caption,
        class,
        columns,
        rows,
    }
    .render()?)
}

fn section(
    content: &Content<'_>,
    program: &Program<'_>,
    forest: Option<&Chart>,
    charts: &DesignCharts,
) -> Result<Section, ReportError> {
    let names = checks::names(program);
    Ok(Section {
        stem: words::file_stem(program.id),
        label: program.label.to_owned(),
        about: program
            .definition
            .map_or_else(String::new, |definition| words::sentence(&definition.about)),
        facts: parts::facts(program),
        forest: forest.map(figure).transpose()?,
        check_outcomes: program
            .main()
            .map(|answer| words::asked(answer, content.several_studies))
            .collect(),
        checks: checks::lines(program, &names),
        failures: checks::failures(program, content.several_studies),
        lost: checks::lost(program, content.several_studies),
        all_checks: checks::all(program, content.several_studies)?,
        check_names: names,
        designs: designs::estimates(program, content.several_studies)?,
        not_run: designs::not_run(program, content.several_studies),
        design_figures: charts.all().map(figure).collect::<Result<_, _>>()?,
        design_tables: designs::details(program, content.several_studies)?,
        sizes: designs::sizes(program, content.several_studies)?,
        raise: designs::raise(program),
    })
}
