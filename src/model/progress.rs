//! How long work tells whoever watches how far it is. Libraries report; only the command line draws.

/// Receives progress. Implementations must not fail and must not slow the work down.
pub trait Progress: Sync {
    /// A stage begins; `total` is in whatever unit `advance` counts, `None` where it is unknown.
    fn stage(&self, name: &str, total: Option<u64>);
    /// So much more of the current stage is done.
    fn advance(&self, amount: u64);
}

/// Nobody watches.
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _name: &str, _total: Option<u64>) {}
    fn advance(&self, _amount: u64) {}
}
