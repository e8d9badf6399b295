//! `throughline estimate adjust-p`: many tests, and what is left of them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;
use throughline_stats::multiplicity::{
    benjamini_hochberg, benjamini_yekutieli, bonferroni, hochberg, holm,
};

use super::super::printer::Printer;
use super::data::Data;
use super::document::{Document, Head};
use super::table::{TextTable, p_value};
use crate::exit::Failure;

/// Adjust p-values for the number of tests
#[derive(Args, Debug)]
pub(super) struct AdjustP {
    /// The p-values
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    p: Vec<f64>,
    /// Read them from a CSV or Parquet file instead
    #[arg(long, value_name = "FILE", requires = "column")]
    file: Option<PathBuf>,
    /// The file's column
    #[arg(long, value_name = "COLUMN", requires = "file")]
    column: Option<String>,
    /// Which adjustments [default: all]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KINDS")]
    method: Vec<Method>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Method {
    Bonferroni,
    Holm,
    Hochberg,
    Bh,
    By,
}

const ALL: [Method; 5] = [
    Method::Bonferroni,
    Method::Holm,
    Method::Hochberg,
    Method::Bh,
    Method::By,
];

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Bonferroni => "bonferroni",
            Self::Holm => "holm",
            Self::Hochberg => "hochberg",
            Self::Bh => "bh",
            Self::By => "by",
        }
    }

    fn adjust(self, p: &[f64]) -> Vec<f64> {
        match self {
            Self::Bonferroni => bonferroni(p),
            Self::Holm => holm(p),
            Self::Hochberg => hochberg(p),
            Self::Bh => benjamini_hochberg(p),
            Self::By => benjamini_yekutieli(p),
        }
    }
}

impl AdjustP {
    pub(super) fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        let p = match (&self.file, &self.column) {
            (Some(file), Some(column)) => {
                let data = Data::read(file, std::slice::from_ref(column))?;
                data.numbers(column)?.to_vec()
            }
            _ => self.p.clone(),
        };
        if let Some(at) = p
            .iter()
            .position(|p| !(p.is_nan() || (0.0..=1.0).contains(p)))
        {
            return Err(Failure::usage(format!(
                "the {}th p-value is not between 0 and 1",
                at + 1
            )));
        }
        let methods: &[Method] = if self.method.is_empty() {
            &ALL
        } else {
            &self.method
        };
        let adjusted: Vec<Vec<f64>> = methods.iter().map(|m| m.adjust(&p)).collect();
        let mut header = vec!["", "p"];
        header.extend(methods.iter().map(|m| m.name()));
        let mut table = TextTable::new(&header);
        for (i, raw) in p.iter().enumerate() {
            let cells = std::iter::once(*raw).chain(adjusted.iter().map(|a| a[i]));
            table.row(std::iter::once((i + 1).to_string()).chain(cells.map(p_value)));
        }
        printer.line(table.to_string());
        let there = p.iter().filter(|p| !p.is_nan()).count();
        let head = Head {
            dropped: json!({ "missing": p.len() - there }),
            ..Head::computed("p-values adjusted", "none").of(there)
        };
        let mut document = Document::new(head).with("p", &p);
        for (method, values) in methods.iter().zip(&adjusted) {
            document = document.with(method.name(), values);
        }
        printer.document(&document)
    }
}
