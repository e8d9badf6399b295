//! Reading the committed reference data, and comparing numbers.

use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(file)
}

/// A CSV of numbers, by column; an empty cell is NaN.
pub(crate) fn csv(file: &str) -> HashMap<String, Vec<f64>> {
    let text = std::fs::read_to_string(path(file)).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut columns = vec![Vec::new(); names.len()];
    for line in lines {
        for (column, cell) in columns.iter_mut().zip(line.split(',')) {
            column.push(cell.parse().unwrap_or(f64::NAN));
        }
    }
    names.into_iter().map(str::to_owned).zip(columns).collect()
}

pub(crate) fn json(file: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path(file)).unwrap()).unwrap()
}

pub(crate) fn codes(column: &[f64]) -> Vec<u32> {
    column.iter().map(|v| *v as u32).collect()
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap_or(f64::NAN))
        .collect()
}

/// The largest relative error met, with where.
#[derive(Default)]
pub(crate) struct Worst(pub(crate) f64, pub(crate) String);

impl Worst {
    /// Compares, relative to the expected value or to `scale` when that is larger.
    pub(crate) fn see(
        &mut self,
        found: f64,
        expected: f64,
        scale: f64,
        place: impl FnOnce() -> String,
    ) {
        if expected.is_nan() && found.is_nan() {
            return;
        }
        let error = (found - expected).abs() / expected.abs().max(scale);
        if error.is_nan() || error > self.0 {
            *self = Self(if error.is_nan() { f64::INFINITY } else { error }, place());
        }
    }

    pub(crate) fn at_most(&self, tolerance: f64) {
        assert!(
            self.0 <= tolerance,
            "relative error {:e} at {}",
            self.0,
            self.1
        );
    }
}
