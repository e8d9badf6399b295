//! A mapping for a file nobody has seen: column names and what the cells look like in, a ranked proposal out.
//!
//! [`Vocabulary`] is what the shipped mappings and public standards teach (which column names fill which field, which code words mean what);
//! [`ColumnProfile`] says what a column's cells look like without holding any of them; [`propose()`] ranks tables and
//! fields; [`write()`] makes the commented TOML that a person reviews. [`drift`] uses the same evidence to say what became
//! of a column that was there yesterday.
//!
//! Pure: no files are read here, and nothing that leaves it holds a cell. What cannot be known (the order of day and
//! month, whose badges they are) is left out and asked for, so that the mapping is refused until somebody has chosen.

mod adopt;
mod assign;
mod dates;
pub mod drift;
mod fits;
mod likeness;
mod names;
mod person;
mod privacy;
mod profile;
mod proposal;
mod rank;
mod standards;
mod vocabulary;
mod within;
mod write;

pub use dates::FORMATS;
pub use fits::{Fit, columns_found};
pub use profile::ColumnProfile;
pub use proposal::{Asked, Left, Proposal, Proposed, propose};
pub use vocabulary::Vocabulary;
pub use write::write;
