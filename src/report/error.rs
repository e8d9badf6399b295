//! What can go wrong while a report is written. Nothing here is about the findings: they have been released.

use std::path::PathBuf;

use crate::chart::ChartError;

/// Why a report was not written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file or folder could not be written.
    #[error("failed to write `{}`", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A chart could not be drawn.
    #[error("failed to draw chart `{chart}`")]
    Chart {
        /// File stem of the chart.
        chart: String,
        /// Why.
        source: ChartError,
    },
    /// A generated sentence says more than its design has earned.
    #[error("a sentence says more than its design has earned (`{word}`): {sentence}")]
    Unearned {
        /// The word.
        word: &'static str,
        /// The sentence.
        sentence: String,
    },
    /// The page's template failed.
    #[error("failed to fill the page's template")]
    Page(#[from] askama::Error),
    /// The workbook could not be made.
    #[error("failed to make the workbook")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The table could not be put into columns.
    #[error("failed to put findings into columns")]
    Columns(#[from] arrow::error::ArrowError),
    /// The Parquet file could not be made.
    #[error("failed to make the Parquet file")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// `run.json` could not be made.
    #[error("failed to make `run.json`")]
    Json(#[from] serde_json::Error),
}
