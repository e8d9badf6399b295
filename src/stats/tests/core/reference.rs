//! Against the reference packages. The data are simulated and the expected values computed by the scripts in
//! `tests/reference/core`, which are not needed to run these tests.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::cases::folder;

/// Least squares is closed form: what is left is rounding in both packages and the tolerance of theirs.
const LEAST_SQUARES: f64 = 1e-8;

fn check(path: &Path) -> (usize, String) {
    let mut failures = 0;
    let mut report = String::new();
    for (table, cases) in folder(path) {
        for case in cases {
            let tolerance = case.spec["tolerance"].as_f64().unwrap_or(LEAST_SQUARES);
            let (worst, place) = match case.run(&table) {
                Ok(fit) => case.compare(&fit),
                Err(e) => (f64::INFINITY, e.to_string()),
            };
            let bad = worst.is_nan() || worst > tolerance;
            failures += usize::from(bad);
            let verdict = if bad { "FAILED" } else { "ok" };
            writeln!(report, "{verdict} {} {worst:.1e} {place}", case.id).expect("a string grows");
        }
    }
    (failures, report)
}

#[test]
fn agrees_with_the_reference_packages() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/core");
    let (failures, report) = check(&path);
    assert!(report.lines().count() > 60, "reference cases are missing");
    assert_eq!(failures, 0, "\n{report}");
}

/// Another folder of cases in the same form, named by `STATS_REFERENCE`; its report is written beside them.
#[test]
fn agrees_with_a_folder_of_ones_own() {
    let Some(path) = std::env::var_os("STATS_REFERENCE").map(PathBuf::from) else {
        return;
    };
    let (failures, report) = check(&path);
    std::fs::write(path.join("report.txt"), &report).expect("report");
    assert_eq!(failures, 0, "\n{report}");
}
