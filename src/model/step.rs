//! Where a run may die. Everything that changes a file on disk calls [`reached`] before and after, so that a test can kill
//! the program at every one of these moments, one after the other, and look whether the last release still stands.
//! In a release build the calls are empty.

/// Ends the process here, as a power failure would, if this is the step that `THROUGHLINE_DIE_AT` counts to (debug builds).
#[inline]
pub fn reached() {
    #[cfg(debug_assertions)]
    armed::reached();
}

#[cfg(debug_assertions)]
mod armed {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static LAST: LazyLock<Option<u64>> = LazyLock::new(|| {
        let number = std::env::var("THROUGHLINE_DIE_AT").ok()?;
        number.parse().ok()
    });
    static REACHED: AtomicU64 = AtomicU64::new(0);

    pub(super) fn reached() {
        if let Some(last) = *LAST
            && REACHED.fetch_add(1, Ordering::SeqCst) + 1 == last
        {
            std::process::abort();
        }
    }
}
