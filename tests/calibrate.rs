//! `throughline calibrate`: districts are run end to end, and the same seed writes the same report.

use std::fs;

use crate::project::{Outcome, program, said};

#[test]
fn two_districts_twice_give_the_same_report() -> Outcome {
    let folder = tempfile::tempdir()?;
    let mut pages = Vec::new();
    for jobs in ["1", "2"] {
        let out = folder.path().join(jobs);
        let said = said(
            program()
                .args([
                    "calibrate",
                    "--districts",
                    "2",
                    "--seed",
                    "7",
                    "--shape",
                    "tiny",
                    "--quiet",
                ])
                .args(["--jobs", jobs, "--out"])
                .arg(&out),
        )?;
        assert_eq!(said.code, 0, "{}", said.stderr);
        assert!(
            said.stdout.contains("95 % intervals that hold the truth"),
            "{}",
            said.stdout
        );
        let table = fs::read_to_string(out.join("questions.csv"))?;
        // Two districts, eight programs, four outcomes, and a header.
        assert_eq!(table.lines().count(), 2 * 8 * 4 + 1);
        // Estimates are there, and the drawn truth beside them.
        assert!(
            table
                .lines()
                .any(|line| line.contains(",chosen_a,chosen,map_math,")),
            "{table}"
        );
        pages.push((
            table,
            fs::read(out.join("README.md"))?,
            fs::read(out.join("power.svg"))?,
        ));
    }
    assert!(pages[0] == pages[1], "threads change nothing");
    Ok(())
}
