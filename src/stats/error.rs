//! One error type for the estimators. Every variant names the column, effect or option at fault and
//! says in its message what to do next, because a silent wrong number is worse than a stop. It
//! carries names and row numbers only, never a value of the data.

/// Why an estimate was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatsError {
    /// A column or effect is not as long as the others.
    #[error(
        "`{name}` has {found} rows where {expected} are needed; give every column the same rows"
    )]
    Length {
        /// The column, effect or weight at fault.
        name: String,
        /// Its length.
        found: usize,
        /// The length the others have.
        expected: usize,
    },
    /// A column holds a NaN or an infinity in the sample.
    #[error(
        "`{name}` is not a finite number at row {row} (counted from 0); leave such rows out of the sample first"
    )]
    NonFinite {
        /// The column at fault.
        name: String,
        /// The first such row, counted from zero.
        row: usize,
    },
    /// A weight is negative or not finite.
    #[error(
        "the weight at row {row} (counted from 0) is negative or not finite; weights must be zero or more"
    )]
    InvalidWeight {
        /// The first such row, counted from zero.
        row: usize,
    },
    /// Nothing is left to estimate on.
    #[error("no observations are left: {reason}")]
    EmptySample {
        /// What removed them.
        reason: String,
    },
    /// A name was asked for that the sample does not hold.
    #[error("there is no column named `{name}`; name only columns that were given")]
    UnknownColumn {
        /// The name asked for.
        name: String,
    },
    /// Two columns share a name, or a column appears twice in one specification.
    #[error("the name `{name}` appears twice; give each column its own name")]
    DuplicateName {
        /// The repeated name.
        name: String,
    },
    /// The outcome does not vary once the effects are removed.
    #[error(
        "`{name}` does not vary within the effects; there is nothing to explain (leave out an effect, or choose another outcome)"
    )]
    ZeroVariance {
        /// The column at fault.
        name: String,
    },
    /// No regressor has variation of its own.
    #[error(
        "every regressor is collinear with the effects or with another: {names}; drop an effect or a regressor"
    )]
    AllCollinear {
        /// The regressors, joined by commas.
        names: String,
    },
    /// There are at least as many parameters as observations.
    #[error(
        "{n} observations cannot carry {parameters} parameters; use fewer effects or regressors, or more data"
    )]
    TooFewObservations {
        /// Observations in the sample.
        n: usize,
        /// Parameters, absorbed levels included.
        parameters: usize,
    },
    /// Clustered errors need two clusters at least.
    #[error(
        "`{name}` has {found} cluster; clustered errors need at least two (use heteroskedasticity-robust errors instead)"
    )]
    TooFewClusters {
        /// The cluster variable.
        name: String,
        /// How many clusters the sample holds.
        found: usize,
    },
    /// The regressors explain the outcome exactly, so its errors have no variance to estimate.
    #[error(
        "the regressors fit `{outcome}` perfectly; a standard error would be meaningless (is a regressor a copy of the outcome?)"
    )]
    PerfectFit {
        /// The outcome.
        outcome: String,
    },
    /// An outcome lies outside the range its model allows.
    #[error("`{name}` is outside what the model allows at row {row} (counted from 0): {rule}")]
    OutOfRange {
        /// The column at fault.
        name: String,
        /// The first such row, counted from zero.
        row: usize,
        /// What the model asks for.
        rule: &'static str,
    },
    /// The outcome is separated: some coefficient would be infinite.
    #[error(
        "`{outcome}` is perfectly separated: {detail}; some coefficient would be infinite, drop the regressor or pool groups"
    )]
    Separation {
        /// The outcome.
        outcome: String,
        /// What separates it.
        detail: String,
    },
    /// An iteration stopped before it met its tolerance.
    #[error(
        "{what} did not converge in {iterations} iterations; raise the limit or look for nearly separated effects"
    )]
    NotConverged {
        /// The step that did not finish.
        what: String,
        /// Iterations used.
        iterations: usize,
    },
    /// The combination is not implemented, or has no agreed meaning.
    #[error("{what} is not supported: {hint}")]
    Unsupported {
        /// What was asked for.
        what: String,
        /// What to do instead.
        hint: String,
    },
    /// An option is out of its range.
    #[error("option `{name}` is out of range: {rule}")]
    InvalidOption {
        /// The option.
        name: String,
        /// What it must satisfy.
        rule: String,
    },
    /// A unit appears more than once in one period.
    #[error(
        "a unit has a second observation in the same period at row {row} (counted from 0); keep one row per unit and period"
    )]
    DuplicateUnitTime {
        /// The repeated row, counted from zero.
        row: usize,
    },
    /// Something that must be fixed within a unit changes.
    #[error(
        "the {what} of a unit changes at row {row} (counted from 0); it must be the same in every period"
    )]
    ChangesWithinUnit {
        /// What changes.
        what: &'static str,
        /// The first such row, counted from zero.
        row: usize,
    },
    /// A group the estimate needs has no members.
    #[error("there are no {group}; {hint}")]
    EmptyGroup {
        /// The missing group.
        group: String,
        /// What to do.
        hint: &'static str,
    },
    /// A column has one value throughout.
    #[error("`{name}` has the same value in every row; leave it out")]
    Constant {
        /// The column at fault.
        name: String,
    },
    /// Treated and comparison units do not overlap, or a design within one comparison is singular.
    #[error("{place} cannot be estimated: {reason}")]
    NotEstimable {
        /// The comparison at fault.
        place: String,
        /// Why.
        reason: &'static str,
    },
}

impl StatsError {
    pub(crate) fn unsupported(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Unsupported {
            what: what.into(),
            hint: hint.into(),
        }
    }

    pub(crate) fn option(name: &str, rule: &str) -> Self {
        Self::InvalidOption {
            name: name.to_owned(),
            rule: rule.to_owned(),
        }
    }
}
