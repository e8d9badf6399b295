//! What every estimate's JSON begins with, written once: estimator, outcome, rows used, rows left out by reason, clusters, variance.
//!
//! Entries keep their order, so that a reader finds the head at the top and the same names in every verb.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

/// The head of a result.
pub(super) struct Head<'a> {
    pub estimator: &'a str,
    pub outcome: &'a str,
    /// `None` where no rows were read.
    pub n: Option<usize>,
    /// Counts by reason.
    pub dropped: Value,
    /// Cluster variables and how many clusters each has.
    pub clusters: Vec<(&'a str, usize)>,
    /// The variance convention in words.
    pub vcov: &'a str,
}

impl<'a> Head<'a> {
    /// Of a result computed from numbers given, not from rows.
    pub(super) fn computed(estimator: &'a str, vcov: &'a str) -> Self {
        Self {
            estimator,
            outcome: "",
            n: None,
            dropped: json!({}),
            clusters: Vec::new(),
            vcov,
        }
    }

    /// The same from so many individuals.
    pub(super) fn of(self, n: usize) -> Self {
        Self { n: Some(n), ..self }
    }
}

/// A result as JSON: named values in the order they were added.
pub(super) struct Document(Vec<(&'static str, Value)>);

impl Document {
    pub(super) fn new(head: Head<'_>) -> Self {
        let clusters = head
            .clusters
            .into_iter()
            .map(|(name, count)| (name.to_owned(), json!(count)))
            .collect();
        Self(vec![
            ("estimator", json!(head.estimator)),
            ("outcome", json!(head.outcome)),
            ("n", json!(head.n)),
            ("dropped", head.dropped),
            ("clusters", Value::Object(clusters)),
            ("vcov", json!(head.vcov)),
        ])
    }

    /// Adds a value; what is not a finite number becomes `null`.
    pub(super) fn with(mut self, name: &'static str, value: impl Serialize) -> Self {
        self.0.push((name, json!(value)));
        self
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// One result is one document; several are an array.
pub(super) fn documents(
    mut all: Vec<Document>,
    printer: &super::super::printer::Printer,
) -> Result<(), crate::exit::Failure> {
    match (all.len(), all.pop()) {
        (1, Some(one)) => printer.document(&one),
        (_, last) => {
            all.extend(last);
            printer.document(&all)
        }
    }
}
