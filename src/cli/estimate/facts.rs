//! A short list of named numbers: two columns for people, one object as JSON.

use serde_json::{Map, Value};

use super::super::printer::Printer;
use super::table::{TextTable, number};
use crate::exit::Failure;

/// Named results in the order they are told.
#[derive(Default)]
pub(super) struct Facts {
    entries: Vec<(&'static str, Value)>,
}

impl Facts {
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.entries.push((name, value.into()));
        self
    }

    pub(super) fn json(&self) -> Value {
        let entries = self.entries.iter();
        Value::Object(
            entries
                .map(|(n, v)| ((*n).to_owned(), v.clone()))
                .collect::<Map<_, _>>(),
        )
    }

    pub(super) fn print(&self, printer: &Printer) {
        let mut table = TextTable::default();
        for (name, value) in &self.entries {
            let shown = match value {
                Value::Number(n) if n.is_f64() => number(n.as_f64().unwrap_or(f64::NAN)),
                Value::Number(n) => n.to_string(),
                Value::String(text) => text.clone(),
                Value::Null => "NA".to_owned(),
                // Lists and objects have tables of their own.
                Value::Array(_) | Value::Object(_) => continue,
                Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            };
            table.row([name.replace('_', " "), shown]);
        }
        printer.line(table.to_string());
    }

    pub(super) fn show(&self, printer: &Printer) -> Result<(), Failure> {
        self.print(printer);
        printer.document(&self.json())
    }
}
