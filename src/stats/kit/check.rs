//! The checks every estimator makes on its input before it computes anything.

use crate::error::StatsError;

/// Refuses a column of the wrong length.
pub(crate) fn same_length(name: &str, found: usize, expected: usize) -> Result<(), StatsError> {
    if found == expected {
        Ok(())
    } else {
        Err(StatsError::Length {
            name: name.to_owned(),
            found,
            expected,
        })
    }
}

/// Refuses NaN and infinities.
pub(crate) fn finite(name: &str, values: &[f64]) -> Result<(), StatsError> {
    match values.iter().position(|v| !v.is_finite()) {
        Some(row) => Err(StatsError::NonFinite {
            name: name.to_owned(),
            row,
        }),
        None => Ok(()),
    }
}

/// Refuses an outcome with one value throughout: it has no variance to explain.
pub(crate) fn varies(name: &str, values: impl IntoIterator<Item = f64>) -> Result<(), StatsError> {
    let mut values = values.into_iter();
    match values.next() {
        Some(first) if values.all(|v| v == first) => Err(StatsError::ZeroVariance {
            name: name.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Refuses a single number that is NaN or infinite.
pub(crate) fn finite_option(name: &str, value: f64) -> Result<(), StatsError> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(StatsError::option(name, "must be a finite number"))
    }
}

/// Refuses a value outside an open interval.
pub(crate) fn inside(name: &str, value: f64, low: f64, high: f64) -> Result<(), StatsError> {
    if value > low && value < high {
        Ok(())
    } else {
        Err(StatsError::InvalidOption {
            name: name.to_owned(),
            rule: format!("must lie strictly between {low} and {high}"),
        })
    }
}

/// Refuses weights of the wrong length, negative or not finite, or all zero.
pub(crate) fn weights(w: &[f64], n: usize) -> Result<(), StatsError> {
    same_length("weights", w.len(), n)?;
    if let Some(row) = w.iter().position(|v| !(v.is_finite() && *v >= 0.0)) {
        return Err(StatsError::InvalidWeight { row });
    }
    if n > 0 && w.iter().all(|v| *v == 0.0) {
        return Err(StatsError::EmptySample {
            reason: "every weight is zero".into(),
        });
    }
    Ok(())
}
