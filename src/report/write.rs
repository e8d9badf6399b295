//! From a released report to files in a folder.
//!
//! Everything is made in memory first and then written file by file, each under a temporary name that is renamed when
//! it is complete, so that a reader never opens half a page and a run that dies leaves the old report readable.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use throughline_disclosure::{Released, Report};

use crate::chart::designs::DesignCharts;
use crate::chart::{self, Chart, ChartError};
use crate::content::Content;
use crate::error::ReportError;
use crate::output::{columns, csv, page, run, workbook};
use crate::table::Table;
use crate::{tables, wording, words};

/// Writes every report into `folder` and returns the files, the page first.
///
/// Makes the folder where it is missing. In its folder `charts`, SVG files that an earlier run left and this one did not
/// write are removed; nothing else is touched.
///
/// # Errors
/// A file cannot be written, a chart, page, workbook or table cannot be made, or a sentence says more than its design has
/// earned.
pub fn write(released: &Released<Report>, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    wording::check(released.get())?;
    let report = wording::quoted(released.get());
    let content = Content::new(&report);
    let charts = Charts::draw(&content)?;
    wording::check_charts(charts.all(), &report)?;
    let findings = tables::findings(&content);
    let designs = tables::designs(&content);
    let title = format!("{}: {}", page::TITLE, released.district);
    let mut files: Vec<(String, Vec<u8>)> = vec![
        (
            "report.html".to_owned(),
            page::write(&content, &charts)?.into_bytes(),
        ),
        (
            "findings.xlsx".to_owned(),
            workbook::write(&title, &tables::sheets(&content))?,
        ),
        (
            "findings.csv".to_owned(),
            csv::write(&findings).into_bytes(),
        ),
        ("findings.parquet".to_owned(), columns::write(&findings)?),
        ("designs.csv".to_owned(), csv::write(&designs).into_bytes()),
        ("designs.parquet".to_owned(), columns::write(&designs)?),
    ];
    for chart in charts.all() {
        files.push((
            format!("charts/{}.svg", chart.id),
            chart.file().into_bytes(),
        ));
    }
    let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    files.push((
        "run.json".to_owned(),
        run::write(&content, &names)?.into_bytes(),
    ));
    let folder_of_charts = folder.join("charts");
    fs::create_dir_all(&folder_of_charts).map_err(failed(&folder_of_charts))?;
    let mut paths = Vec::new();
    for (name, bytes) in files {
        let path = folder.join(name);
        replace(&path, &bytes).map_err(failed(&path))?;
        paths.push(path);
    }
    remove_stale(&folder_of_charts, &paths).map_err(failed(&folder_of_charts))?;
    Ok(paths)
}

/// One line per program and outcome, for a terminal: effects in standard deviations, plus is better. Where there are
/// many, those that cannot be told yet or are withheld are counted in the last lines; the workbook has them all.
pub fn summary(released: &Released<Report>) -> Table {
    tables::short_summary(&Content::new(&wording::quoted(released.get())))
}

/// Every chart of a report.
pub(crate) struct Charts {
    /// Programs ranked, domain by domain.
    pub(crate) rankings: Vec<Chart>,
    /// Outcomes of a program, by the program's place.
    pub(crate) forests: Vec<Option<Chart>>,
    /// Outcomes by dose of a program, by the program's place.
    pub(crate) doses: Vec<Option<Chart>>,
    /// What other designs show of a program, by the program's place.
    pub(crate) designs: Vec<DesignCharts>,
    /// Who took part.
    pub(crate) coverage: Option<Chart>,
}

impl Charts {
    /// Draws them all.
    pub(crate) fn draw(content: &Content<'_>) -> Result<Self, ReportError> {
        let rankings = content
            .domains()
            .into_iter()
            .map(|domain| chart::ranking::draw(content, domain).map_err(undrawn(domain)))
            .collect::<Result<Vec<_>, _>>()?;
        let reach = chart::forest::reach(content);
        let mut forests = Vec::new();
        let mut doses = Vec::new();
        let mut designs = Vec::new();
        for program in &content.programs {
            forests
                .push(chart::forest::draw(content, program, reach).map_err(undrawn(program.id))?);
            doses.push(chart::dose::draw(content, program).map_err(undrawn(program.id))?);
            designs.push(DesignCharts::draw(content, program).map_err(undrawn(program.id))?);
        }
        Ok(Self {
            rankings: rankings.into_iter().flatten().collect(),
            forests,
            doses,
            designs,
            coverage: chart::coverage::draw(content).map_err(undrawn("coverage"))?,
        })
    }

    fn all(&self) -> impl Iterator<Item = &Chart> {
        self.rankings
            .iter()
            .chain(self.forests.iter().flatten())
            .chain(self.doses.iter().flatten())
            .chain(self.designs.iter().flat_map(DesignCharts::all))
            .chain(&self.coverage)
    }
}

pub(crate) fn undrawn(chart: &str) -> impl FnOnce(ChartError) -> ReportError {
    let chart = words::file_stem(chart);
    move |source| ReportError::Chart { chart, source }
}

pub(crate) fn failed(path: &Path) -> impl FnOnce(io::Error) -> ReportError {
    let path = path.to_owned();
    move |source| ReportError::Write { path, source }
}

/// Writes beside the file, then renames over it. A file that has these bytes already is left alone.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    fs::write(&part, bytes)
        .and_then(|()| fs::rename(&part, path))
        .inspect_err(|_| {
            // Half a file helps nobody; the error that is reported is the first one.
            let _ = fs::remove_file(&part);
        })
}

fn remove_stale(charts: &Path, written: &[PathBuf]) -> io::Result<()> {
    for entry in fs::read_dir(charts)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "svg") && !written.contains(&path)
        {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
