//! Options that every verb understands, and how a verb finds its pipeline.

use std::path::{Path, PathBuf};

use clap::Args;
use throughline_lake::{Lake, LakeOptions, Release};
use throughline_model::Pipeline;

use crate::errors;
use crate::exit::{Exit, Failure};

/// Options that every verb understands.
#[derive(Args, Debug)]
pub(crate) struct Common {
    /// Print results as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Print results only, no progress
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Threads to use [default: all]
    #[arg(long, short, global = true, value_name = "N")]
    pub jobs: Option<usize>,
    /// Memory the query engine may use, such as `4GiB` [default: half of what the machine has]
    #[arg(long, global = true, value_name = "SIZE", value_parser = size)]
    pub memory: Option<usize>,
    /// Read this release and not the current one
    #[arg(long, global = true, value_name = "RELEASE")]
    pub as_of: Option<String>,
}

impl Common {
    /// No options given, and nothing wanted on the terminal.
    pub(crate) fn quiet() -> Self {
        Self {
            json: false,
            quiet: true,
            jobs: None,
            memory: None,
            as_of: None,
        }
    }

    /// Sizes the thread pool that all parallel work shares.
    pub(crate) fn set_threads(&self) -> Result<(), Failure> {
        if let Some(jobs) = self.jobs {
            if jobs == 0 {
                return Err(Failure::usage("`--jobs` must be at least 1"));
            }
            rayon::ThreadPoolBuilder::new()
                .num_threads(jobs)
                .build_global()
                .map_err(|error| {
                    Failure::new(Exit::System, format!("failed to start threads: {error}"))
                })?;
        }
        Ok(())
    }

    /// How the lake may use the machine.
    pub(crate) fn lake_options(&self) -> LakeOptions {
        LakeOptions {
            threads: rayon::current_num_threads(),
            memory: self.memory,
        }
    }

    /// Opens the pipeline's lake.
    pub(crate) fn lake(&self, pipeline: &Pipeline) -> Result<Lake, Failure> {
        Lake::open(&pipeline.lake.path, self.lake_options()).map_err(errors::lake)
    }

    /// The release a verb reads: `--as-of`, or the current one.
    pub(crate) fn release(&self, lake: &Lake) -> Result<Release, Failure> {
        match &self.as_of {
            Some(id) => lake.release(id).map_err(errors::lake),
            None => lake.current().map_err(errors::lake),
        }
    }
}

/// Reads a pipeline file; every problem in it at once.
pub(crate) fn load(path: &Path) -> Result<Pipeline, Failure> {
    Pipeline::load(path).map_err(|problems| {
        let count = problems.len();
        let mut lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        lines.push(format!(
            "{count} problem{} in the pipeline; nothing was written",
            if count == 1 { "" } else { "s" }
        ));
        Failure::usage(lines.join("\n"))
    })
}

/// The pipeline a verb is about: the one that is named, or the only one in `pipelines/`.
pub(crate) fn find(named: Option<&Path>) -> Result<Pipeline, Failure> {
    if let Some(path) = named {
        return load(path);
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir("pipelines")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    found.sort();
    match found.as_slice() {
        [only] => load(only),
        [] => Err(Failure::usage(
            "no pipeline file in `pipelines/`\n  hint: name one with `--pipeline FILE`",
        )),
        _ => Err(Failure::usage(
            "several pipeline files in `pipelines/`\n  hint: name one with `--pipeline FILE`",
        )),
    }
}

/// `512MiB`, `4GiB`, `4G`, or bytes.
fn size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        unit => return Err(format!("unknown unit `{unit}`; use `MiB` or `GiB`")),
    };
    let number: f64 = digits
        .trim()
        .parse()
        .map_err(|_| "not a number".to_owned())?;
    if !(number.is_finite() && number > 0.0) {
        return Err("must be above 0".to_owned());
    }
    Ok((number * f64::from(factor)) as usize)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_read_with_their_unit() {
        assert_eq!(size("512MiB"), Ok(512 << 20));
        assert_eq!(size("1.5g"), Ok(3 << 29));
        assert_eq!(size("4096"), Ok(4096));
        assert!(size("4 parsecs").is_err());
        assert!(size("-1G").is_err());
    }
}
