//! A short list of named numbers: two columns for people; as JSON, the entries after the head that all results share.

use serde_json::Value;

use super::super::printer::Printer;
use super::document::{Document, Head};
use super::table::{TextTable, count, number};
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

    /// The document: head first.
    pub(super) fn document(&self, head: Head<'_>) -> Document {
        let entries = self.entries.iter();
        entries.fold(Document::new(head), |document, (name, value)| {
            document.with(name, value)
        })
    }

    pub(super) fn print(&self, head: &Head<'_>, printer: &Printer) {
        let mut title = head.estimator.to_owned();
        if !head.outcome.is_empty() {
            title.push_str(&format!(", Dep. Var.: {}", head.outcome));
        }
        if let Some(n) = head.n {
            title.push_str(&format!(", n = {}", count(n)));
        }
        printer.line(title);
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

    pub(super) fn show(&self, head: Head<'_>, printer: &Printer) -> Result<(), Failure> {
        self.print(&head, printer);
        printer.document(&self.document(head))
    }
}
