//! `throughline init`: a starter project that runs: a commented pipeline file, and a small synthetic district in the
//! place of the exports, to be replaced by one's own.

use std::path::{Path, PathBuf};

use clap::Args;
use throughline_synth::Spec;

use super::printer::Printer;
use crate::errors;
use crate::exit::{Exit, Failure};

/// The starter is the sample's pipeline, pointed at the starter's own folders.
const SAMPLE: &str = include_str!("../../pipelines/sample.toml");

/// Write a commented starter project that runs
#[derive(Args, Debug)]
pub(crate) struct Init {
    /// Folder to make; must not exist or be empty
    folder: PathBuf,
}

impl Init {
    pub(crate) fn execute(
        &self,
        _common: &super::Common,
        printer: &Printer,
    ) -> Result<Exit, Failure> {
        if std::fs::read_dir(&self.folder).is_ok_and(|mut entries| entries.next().is_some()) {
            let message = format!(
                "`{}` is not empty; nothing was written",
                self.folder.display()
            );
            return Err(Failure::usage(message));
        }
        let pipeline = self.folder.join("pipelines/district.toml");
        write(&pipeline, &starter())?;
        write(
            &self.folder.join(".gitignore"),
            "# The lake, the pseudonym key and the exports never belong in version control.\n/.throughline/\n/exports/\n",
        )?;
        throughline_synth::write(&Spec::default(), &self.folder.join("exports"), printer)
            .map_err(errors::synth)?;
        printer.end_stage();
        printer.line(format!("wrote {}", pipeline.display()));
        printer.line(format!("next: throughline run {}", pipeline.display()));
        printer.note("`exports/` holds a synthetic district; replace its files with your own, source by source");
        printer.document(&serde_json::json!({ "pipeline": pipeline }))?;
        Ok(Exit::Fine)
    }
}

/// How the starter begins, in place of the sample's own first comment.
const HEAD: &str = "\
# A district's pipeline: what is read, what should get better, what might make it better, and what is asked.
# Paths are relative to this file. `exports/` holds a synthetic district: replace it with your own exports, source by
# source, delete what you do not have, and run `throughline check` on this file after each change.
";

/// The sample's pipeline with the starter's head, name and folders.
fn starter() -> String {
    let body = SAMPLE.trim_start_matches(|c| c != '[');
    format!("{HEAD}\n{body}")
        .replace("Sample School District", "My School District")
        .replace("../sample-data/", "../exports/")
        .replace("../reports/sample", "../reports/district")
        .replace(
            "../.throughline/lake/sample",
            "../.throughline/lake/district",
        )
        .replace("../.throughline/sample.key", "../.throughline/district.key")
        .replace(
            "# only because nobody real is in the sample",
            "# make the key on the first run",
        )
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let what = || format!("write `{}`", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Failure::system(what(), &error))?;
    }
    std::fs::write(path, text).map_err(|error| Failure::system(what(), &error))
}
