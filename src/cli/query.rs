//! `throughline query`: SQL over a release, as a table, CSV or Parquet.

use std::path::PathBuf;

use clap::Args;

use super::printer::Printer;
use super::{Common, common};
use crate::errors;
use crate::exit::{Exit, Failure};

/// Rows that are printed; a file holds them all.
const ROWS_SHOWN: usize = 200;

/// Run SQL over a release
#[derive(Args, Debug)]
pub(crate) struct Query {
    /// A SELECT over the canonical tables
    sql: String,
    /// The pipeline whose lake is read [default: the only one in `pipelines/`]
    #[arg(long, value_name = "FILE")]
    pipeline: Option<PathBuf>,
    /// Write the whole result to this file; `.csv` or `.parquet`
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Query {
    pub(crate) fn execute(&self, common: &Common, printer: &Printer) -> Result<Exit, Failure> {
        let pipeline = common::find(self.pipeline.as_deref())?;
        let lake = common.lake(&pipeline)?;
        let release = common.release(&lake)?;
        let result = lake
            .query(&release, &pipeline.measures, &self.sql)
            .map_err(errors::lake)?;
        match &self.out {
            Some(out) => {
                let rows = match out.extension().and_then(|extension| extension.to_str()) {
                    Some("csv") => result.write_csv(out),
                    Some("parquet") => result.write_parquet(out),
                    _ => return Err(Failure::usage("`--out` must end in `.csv` or `.parquet`")),
                }
                .map_err(errors::lake)?;
                printer.line(format!("wrote {rows} rows to {}", out.display()));
                printer.document(&serde_json::json!({ "rows": rows, "file": out }))?;
            }
            None if printer.json() => {
                printer.raw(&result.json().map_err(errors::lake)?);
                printer.raw("\n");
            }
            None => {
                let shown = result.table(ROWS_SHOWN).map_err(errors::lake)?;
                printer.line(&shown.text);
                if shown.more {
                    printer.note(format!(
                        "only the first {ROWS_SHOWN} rows; `--out FILE` writes them all"
                    ));
                }
            }
        }
        Ok(Exit::Fine)
    }
}
