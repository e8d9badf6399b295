//! From a released data-quality report to files: a page beside the report, every check as Parquet, and the rows that were set
//! aside as CSV, for whoever has to look them up.

use std::fs;
use std::path::{Path, PathBuf};

use throughline_disclosure::{Quality, Released};

use crate::chart::months;
use crate::error::ReportError;
use crate::output::page::quality as page;
use crate::output::{columns, csv};
use crate::tables::quality as tables;
use crate::write::{failed, replace, undrawn};

/// Writes `quality.html`, `checks.parquet` and `unlinked.csv` into `folder` and returns them, the page first.
///
/// # Errors
/// A file cannot be written; the chart, the page or a table cannot be made.
pub fn write_quality(
    released: &Released<Quality>,
    folder: &Path,
) -> Result<Vec<PathBuf>, ReportError> {
    let quality = released.get();
    let chart = months::draw(quality).map_err(undrawn(months::ID))?;
    let files = [
        (
            "quality.html",
            page::write(quality, chart.as_ref())?.into_bytes(),
        ),
        ("checks.parquet", columns::write(&tables::checks(quality))?),
        (
            "unlinked.csv",
            csv::write(&tables::aside(quality)).into_bytes(),
        ),
    ];
    fs::create_dir_all(folder).map_err(failed(folder))?;
    files
        .into_iter()
        .map(|(name, bytes)| {
            let path = folder.join(name);
            replace(&path, &bytes).map_err(failed(&path))?;
            Ok(path)
        })
        .collect()
}
