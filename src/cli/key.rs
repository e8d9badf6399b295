//! `throughline key init`: makes the key that pseudonyms are computed with.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::common;
use super::printer::Printer;
use crate::errors;
use crate::exit::{Exit, Failure};

/// Make the key that pseudonyms are computed with
#[derive(Args, Debug)]
pub(crate) struct Key {
    #[command(subcommand)]
    verb: KeyVerb,
}

#[derive(Debug, Subcommand)]
enum KeyVerb {
    /// Write a new key, readable by its owner only; an existing key is never replaced
    Init {
        /// Where to write it [default: where the pipeline says]
        file: Option<PathBuf>,
        /// The pipeline whose key it is [default: the only one in `pipelines/`]
        #[arg(long, value_name = "FILE")]
        pipeline: Option<PathBuf>,
    },
}

impl Key {
    pub(crate) fn execute(
        &self,
        _common: &super::Common,
        printer: &Printer,
    ) -> Result<Exit, Failure> {
        let KeyVerb::Init { file, pipeline } = &self.verb;
        let file = match file {
            Some(file) => file.clone(),
            None => common::find(pipeline.as_deref())?.privacy.key,
        };
        throughline_ingest::Key::create(&file).map_err(errors::key)?;
        printer.line(format!("wrote {}", file.display()));
        printer.note("keep a copy where backups of secrets go: without it, tomorrow's rows cannot be linked to yesterday's");
        printer.document(&serde_json::json!({ "key": file }))?;
        Ok(Exit::Fine)
    }
}
