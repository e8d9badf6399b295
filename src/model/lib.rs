//! The vocabulary of Throughline: what a canonical table is, what a pipeline file says, how a problem
//! is reported, and what a panel of numbers looks like on its way to an estimator.
//!
//! Every other crate speaks in these types, so this one depends on nothing heavy and does no work:
//! no Parquet, no SQL, no statistics. What a user typed (`pipeline::file`) and what it means
//! (`pipeline::Pipeline`) are kept apart; only the second leaves this crate.

pub mod about;
pub mod builtin;
pub mod calendar;
pub mod check;
pub mod definition;
pub mod diagnostic;
pub mod dialect;
pub mod disagreement;
pub mod durable;
pub mod mapping;
pub mod measure;
pub mod membership;
pub mod panel;
pub mod part;
pub mod pipeline;
pub mod progress;
pub mod propose;
pub mod quality;
pub mod repair;
pub mod settle;
pub mod step;
pub mod suggest;
pub mod table;
pub mod tables;
mod toml_section;
mod usual;

pub use calendar::{Calendar, SchoolYear};
pub use diagnostic::{Diagnostic, Place, Severity};
pub use mapping::Mapping;
pub use measure::Measure;
pub use panel::Panel;
pub use part::Part;
pub use pipeline::Pipeline;
pub use progress::Progress;
pub use table::{Column, Kind, Table};
pub use usual::Sessions;
