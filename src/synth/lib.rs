//! A synthetic district with planted truth, written as the exports a real district's systems would write.
//!
//! It exists so that every claim Throughline makes can be checked against a world whose answers are known, at
//! any size and without one real child in it. `world` decides what happens, year by year; `program` says what
//! truly helps; `messes` decides what is written beside the truth; `export` writes it all down the way each vendor would; `truth`
//! writes the answers.
//! It knows nothing of how Throughline reads or estimates: only the canonical tables' words are shared.
//!
//! Every random draw is keyed by the seed, what is drawn and for whom, so that shards can be made in any order on
//! any number of threads and the bytes stay the same.

mod bytes;
#[cfg(test)]
mod checks;
mod days;
mod export;
mod generate;
mod ids;
mod messes;
mod names;
mod plant;
mod program;
mod rng;
mod scale;
mod sheet;
mod spec;
mod truth;
mod world;

pub use generate::write;
pub use plant::{Plant, Planted};
pub use spec::{Attendance, Messes, Nature, Spec, SynthError, Written, WrittenFile};
