//! Calibration: how often Throughline is right where the truth is known. Draws many synthetic districts, runs each from its
//! exports to its findings exactly as a district would be run, and only then lays the findings beside the truth.
//!
//! The estimates know nothing of it: they get a release and a pipeline; `truth.json` is opened here, after the verdicts
//! stand. Everything follows from the shape, the number of districts and the seed.

mod district;
mod draw;
mod like;
mod page;
mod score;
mod shape;
mod table;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use throughline_model::Progress;

use crate::cli::printer::Printer;
use crate::exit::{Exit, Failure};
pub(crate) use like::like;
pub(crate) use score::Summary;
pub(crate) use shape::Shape;
use table::Row;

/// What is asked for.
pub(crate) struct Asked {
    pub(crate) shape: Shape,
    pub(crate) districts: usize,
    pub(crate) seed: u64,
}

impl Asked {
    /// What makes the same files again.
    fn command(&self) -> String {
        let shape = match &self.shape.release {
            Some(release) => format!("--like {release}"),
            None => format!("--shape {}", self.shape.name),
        };
        format!(
            "throughline calibrate --districts {} --seed {} {shape} --out …",
            self.districts, self.seed
        )
    }
}

/// Draws the districts, runs them and writes the calibration report to `out`.
pub(crate) fn calibrate(asked: &Asked, out: &Path, printer: &Printer) -> Result<Summary, Failure> {
    printer.stage("calibrate", Some(asked.districts as u64));
    let rows = run(asked, printer)?;
    printer.end_stage();
    let summary = Summary::of(&rows);
    page::write(asked, &rows, &summary, out)?;
    Ok(summary)
}

/// Where a district's rows are put when it is done.
type Place = Mutex<Option<Result<Vec<Row>, Failure>>>;

/// Runs all districts, as many at a time as there are threads; their rows in the order of the districts.
fn run(asked: &Asked, printer: &Printer) -> Result<Vec<Row>, Failure> {
    let scratch = district::Scratch::new()?;
    let next = AtomicUsize::new(0);
    let done: Vec<Place> = (0..asked.districts).map(|_| Mutex::default()).collect();
    // The query engine starts threads of its own and must not wait inside the pool that estimates run on.
    let workers = rayon::current_num_threads().min(asked.districts);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(place) = done.get(number) else {
                        break;
                    };
                    let ran = district::run(asked, number, &scratch);
                    if ran.is_err() {
                        next.store(asked.districts, Ordering::Relaxed);
                    }
                    if let Ok(mut place) = place.lock() {
                        *place = Some(ran);
                    }
                    printer.advance(1);
                }
            });
        }
    });
    let mut rows = Vec::new();
    let mut unfinished = false;
    for place in done {
        match place.into_inner() {
            Ok(Some(ran)) => rows.extend(ran?),
            _ => unfinished = true,
        }
    }
    if unfinished {
        return Err(Failure::new(Exit::Bug, "a district was not finished"));
    }
    Ok(rows)
}
