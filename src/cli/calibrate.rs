//! `throughline calibrate`: how often the verdicts are right in districts whose truth is known.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::printer::Printer;
use super::{Common, common};
use crate::calibrate::{self, Asked, Shape};
use crate::errors;
use crate::exit::{Exit, Failure};

/// Draw many synthetic districts, run each, and say how often the verdicts were right
#[derive(Args, Debug)]
pub(crate) struct Calibrate {
    /// How many districts are drawn
    #[arg(long, default_value_t = 200, value_name = "N")]
    districts: usize,
    /// The same seed gives the same bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How large the districts are
    #[arg(long, value_enum, default_value_t = Size::Default)]
    shape: Size,
    /// Districts like this release of the pipeline's lake, or like its `current` one
    #[arg(long, value_name = "RELEASE", conflicts_with = "shape")]
    like: Option<String>,
    /// The pipeline whose lake `--like` reads [default: the only one in `pipelines/`]
    #[arg(long, value_name = "FILE", requires = "like")]
    pipeline: Option<PathBuf>,
    /// Folder to write the calibration report to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Size {
    /// 6,000 students, 24 schools, 5 years
    Default,
    /// 3,000 students, 12 schools, 4 years
    Small,
    /// 600 students, 4 schools, 4 years: too small to tell much, for trying things out
    Tiny,
}

impl Calibrate {
    pub(crate) fn execute(&self, common: &Common, printer: &Printer) -> Result<Exit, Failure> {
        if self.districts == 0 {
            return Err(Failure::usage("`--districts` must be at least 1"));
        }
        let shape = match (&self.like, self.shape) {
            (Some(release), _) => self.like(release, common)?,
            (None, Size::Default) => Shape::default(),
            (None, Size::Small) => Shape::small(),
            (None, Size::Tiny) => Shape::tiny(),
        };
        let asked = Asked {
            shape,
            districts: self.districts,
            seed: self.seed,
        };
        let summary = calibrate::calibrate(&asked, &self.out, printer)?;
        for line in summary.lines() {
            printer.line(line);
        }
        printer.document(&summary)?;
        Ok(Exit::Fine)
    }

    fn like(&self, release: &str, common: &Common) -> Result<Shape, Failure> {
        let pipeline = common::find(self.pipeline.as_deref())?;
        let lake = common.lake(&pipeline)?;
        let release = match release {
            "current" => lake.current(),
            id => lake.release(id),
        }
        .map_err(errors::lake)?;
        calibrate::like(&pipeline, &lake, &release)
    }
}
