//! What stops a run of studies. A question that cannot be answered is a finding that says so, not an error; an error is
//! a panel that does not fit the pipeline.

/// Why no study could be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// No panel measures an outcome of a study.
    #[error("no panel holds outcome `{outcome}` of study `{study}`")]
    MissingOutcome {
        /// The study's id.
        study: String,
        /// The outcome's id.
        outcome: String,
    },
    /// A panel lacks an exposure.
    #[error("the panel of outcome `{outcome}` lacks exposure `{exposure}`")]
    MissingExposure {
        /// The outcome's id.
        outcome: String,
        /// The exposure's id.
        exposure: String,
    },
    /// A column is not as long as the panel.
    #[error("column `{column}` has {found} rows where the panel has {expected}")]
    Length {
        /// The column.
        column: String,
        /// Its rows.
        found: usize,
        /// The panel's rows.
        expected: usize,
    },
}
