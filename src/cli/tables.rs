//! `throughline tables`: what one row of a canonical table is, what may repeat, and what becomes of rows that disagree.

use clap::Args;
use throughline_model::about::{self, About};
use throughline_model::suggest::nearest;

use super::printer::Printer;
use crate::exit::{Exit, Failure};

/// Say what one row of a canonical table is, what may repeat, and what becomes of rows that disagree
#[derive(Args, Debug)]
pub(crate) struct Tables {
    /// The table [default: all, a line each]
    name: Option<String>,
    /// Print the document `docs/tables.md`
    #[arg(long, conflicts_with = "name")]
    document: bool,
}

impl Tables {
    pub(crate) fn execute(&self, printer: &Printer) -> Result<Exit, Failure> {
        if self.document {
            printer.raw(&about::document());
            return Ok(Exit::Fine);
        }
        match &self.name {
            Some(name) => {
                let about = about::find(name).ok_or_else(|| unknown(name))?;
                printer.line(about::page(about).trim_end());
                printer.document(&told(about))?;
            }
            None => {
                let widest = about::all().map(|about| about.table.len()).max();
                let widest = widest.unwrap_or_default();
                for about in about::all() {
                    printer.line(format!("{:widest$}  {}", about.table, about.row));
                }
                let all: Vec<_> = about::all().map(told).collect();
                printer.document(&all)?;
            }
        }
        Ok(Exit::Fine)
    }
}

fn unknown(name: &str) -> Failure {
    let near = nearest(name, about::all().map(|about| about.table));
    let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Failure::usage(format!("there is no table `{name}`{near}"))
}

fn told(about: &About) -> serde_json::Value {
    serde_json::json!({
        "table": about.table,
        "row": about.row,
        "repeats": about.repeats,
        "dates": about.dates,
        "blank": about.blank,
        "conflicts": about.conflicts,
        "standard": about.standard,
    })
}
