//! `throughline estimate` on small files whose answers can be worked out by hand.

mod designs;
mod groups;
mod regressions;
mod rules;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::project::{Said, program, said};

/// A folder with data files.
struct Folder(TempDir);

impl Folder {
    fn with(name: &str, content: &str) -> Result<Self, Box<dyn Error>> {
        let folder = Self(tempfile::tempdir()?);
        folder.write(name, content)?;
        Ok(folder)
    }

    fn write(&self, name: &str, content: &str) -> Result<PathBuf, Box<dyn Error>> {
        let path = self.0.path().join(name);
        fs::write(&path, content)?;
        Ok(path)
    }

    fn run(&self, arguments: &[&str]) -> Result<Said, Box<dyn Error>> {
        said(
            program()
                .arg("estimate")
                .args(arguments)
                .current_dir(self.0.path()),
        )
    }

    /// The JSON a successful command prints.
    fn json(&self, arguments: &[&str]) -> Result<Value, Box<dyn Error>> {
        let said = self.run(&[arguments, &["--json"]].concat())?;
        if said.code == 0 {
            Ok(serde_json::from_str(&said.stdout)?)
        } else {
            Err(format!("{arguments:?}: {said:?}").into())
        }
    }
}

/// A number of a coefficient.
fn of(fit: &Value, term: &str, what: &str) -> f64 {
    let all = fit["coefficients"].as_array();
    let found = all.and_then(|c| c.iter().find(|c| c["term"] == term));
    found.and_then(|c| c[what].as_f64()).unwrap_or(f64::NAN)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * b.abs().max(1.0)
}

/// Slope 8/10, residual sum of squares 3.6 on 3 degrees of freedom, Σ(x − x̄)² = 10.
const LINE: &str = "x,y,w,g\n0,1,1,a\n1,3,1,a\n2,2,2,b\n3,5,1,b\n4,4,1,c\n";
