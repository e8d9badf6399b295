//! The program as its users meet it: one test binary that runs the built `throughline` in scratch folders, so that
//! the heavy crates link once.

mod bad_input;
mod bombs;
mod calibrate;
mod command_line;
mod district;
mod estimate;
mod field;
mod killed;
mod map;
mod messes;
mod nights;
mod project;
mod rosters;
mod sample;
