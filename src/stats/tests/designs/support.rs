//! Reading the committed reference data, comparing numbers, and simulating.

use rayon::prelude::*;
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

/// Seeded normal draws.
pub(crate) struct Normal(u64);

impl Normal {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn draw(&mut self) -> f64 {
        let (u, v) = (self.uniform().max(1e-300), self.uniform());
        (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
    }
}

/// Share of seeds 1 to `simulations` for which something is found.
pub(crate) fn share(simulations: u64, found: impl Fn(u64) -> bool + Sync) -> f64 {
    let count = (1..=simulations)
        .into_par_iter()
        .filter(|&s| found(s))
        .count();
    count as f64 / simulations as f64
}

/// A line of the table of coverage.
#[expect(
    clippy::print_stdout,
    reason = "the table is what the simulation is run for"
)]
pub(crate) fn say(what: &str, share: f64) {
    println!("| {what} | {:.1} % |", 100.0 * share);
}
