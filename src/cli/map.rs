//! `throughline map`: proposes a mapping for an export nobody has seen, as commented TOML to review. Of the file's cells
//! only shapes are printed.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use throughline_ingest::profile;
use throughline_model::builtin;
use throughline_model::propose::{Proposal, Vocabulary, propose, write};
use throughline_model::suggest::nearest;

use super::printer::Printer;
use crate::exit::{Exit, Failure};

/// Propose a mapping for an export nobody has seen
#[derive(Args, Debug)]
pub(crate) struct Map {
    /// The export
    #[arg(required_unless_present = "shipped")]
    file: Option<PathBuf>,
    /// Write the mapping of this name that comes with Throughline, to be changed
    #[arg(long, value_name = "NAME", conflicts_with_all = ["file", "member", "vendor"])]
    shipped: Option<String>,
    /// The file inside the archive, where there are several
    #[arg(long, value_name = "NAME")]
    member: Option<String>,
    /// What to call whose format it is [default: the file's name]
    #[arg(long, value_name = "TEXT")]
    vendor: Option<String>,
    /// Write the mapping here, and not to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Map {
    pub(crate) fn execute(&self, printer: &Printer) -> Result<Exit, Failure> {
        let Some(file) = &self.file else {
            return self.ship(printer);
        };
        let vocabulary = Vocabulary::shipped();
        let profiled = profile(file, self.member.as_deref(), &vocabulary)
            .map_err(|problem| Failure::new(Exit::DataRefused, problem.to_string()))?;
        for note in &profiled.notes {
            printer.warn(note.to_string());
        }
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let Some(proposal) = propose(&stem, &profiled.columns, &vocabulary) else {
            return Err(Failure::new(
                Exit::DataRefused,
                "no canonical table comes near the columns of the file",
            ));
        };
        for line in told(&proposal, profiled.records) {
            printer.note(line);
        }
        let text = write(
            &proposal,
            self.vendor.as_deref().unwrap_or(&stem),
            &profiled.lines,
        );
        self.put(&text, "review it before use", printer)?;
        printer.document(&serde_json::json!({
            "table": proposal.table.name,
            "sure": proposal.sure,
            "why": proposal.why,
            "rivals": proposal.rivals,
            "shipped": proposal.fits.iter().map(|fit| &fit.mapping).collect::<Vec<_>>(),
            "asked": proposal.asked.iter().map(|asked| asked.field.name).collect::<Vec<_>>(),
            "mapping": text,
        }))?;
        Ok(Exit::Fine)
    }
}

impl Map {
    /// A shipped mapping as a file of the district's own.
    fn ship(&self, printer: &Printer) -> Result<Exit, Failure> {
        let name = self.shipped.as_deref().unwrap_or_default();
        let known = builtin::mappings();
        let Some((_, text)) = known.iter().find(|(known, _)| *known == name) else {
            let near = nearest(name, known.iter().map(|(known, _)| *known));
            let hint = near.map_or_else(String::new, |near| {
                format!("\n  hint: did you mean `{near}`?")
            });
            let message = format!("no mapping named `{name}` comes with Throughline{hint}");
            return Err(Failure::usage(message));
        };
        self.put(
            text,
            "pipelines beside that folder read it from now on",
            printer,
        )?;
        printer.document(&serde_json::json!({ "shipped": name, "mapping": text }))?;
        Ok(Exit::Fine)
    }

    /// Writes a mapping where it is wanted.
    fn put(&self, text: &str, then: &str, printer: &Printer) -> Result<(), Failure> {
        match &self.out {
            Some(path) => {
                let folder = path.parent().unwrap_or(Path::new(""));
                let made = std::fs::create_dir_all(folder)
                    .and_then(|()| OpenOptions::new().write(true).create_new(true).open(path));
                made.and_then(|mut file| file.write_all(text.as_bytes()))
                    .map_err(|error| {
                        Failure::system(format!("write `{}`", path.display()), &error)
                    })?;
                printer.line(format!("wrote {}; {then}", path.display()));
            }
            None if !printer.json() => printer.raw(text),
            None => {}
        }
        Ok(())
    }
}

/// How sure the proposal is and why, what else it could be, and what is left to somebody.
fn told(proposal: &Proposal, records: usize) -> Vec<String> {
    let mut told = Vec::new();
    for fit in proposal.fits.iter().take(3) {
        let mut line = format!(
            "the shipped mapping `{}` ({}) reads this file: it knows {} of its {} columns, {} it could use are missing",
            fit.mapping, fit.vendor, fit.known, fit.columns, fit.missing
        );
        if let Some((bundle, _)) = &fit.bundle {
            let _ = write!(line, "; it is part of the bundle `{bundle}`");
        }
        for doubt in &fit.doubts {
            let _ = write!(line, "; but {doubt}");
        }
        told.push(line);
    }
    told.push(format!(
        "table `{}`, {:.0} % sure, from {records} records: {}",
        proposal.table.name,
        100.0 * proposal.sure,
        proposal.why
    ));
    for (rival, sure) in &proposal.rivals {
        told.push(format!("it could be `{rival}` ({:.0} %)", 100.0 * sure));
    }
    match proposal.questions() {
        0 => {}
        1 => told.push("one question is left: look for CHOOSE".to_owned()),
        open => told.push(format!("{open} questions are left: look for CHOOSE")),
    }
    told
}
