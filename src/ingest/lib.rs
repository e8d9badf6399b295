//! Vendor exports to typed, checked, pseudonymised Parquet.
//!
//! A file is cut into segments that are read on all threads ([`scan`], [`record`], [`structure`]), or, where it is no plain
//! CSV, read as a stream of records ([`decode`]); cells become numbers of distinct texts ([`intern`], [`batch`]); each distinct text is understood once ([`convert`], [`column`], [`sheet`]);
//! rows are judged and freed of copies and conflicts ([`file`], [`duplicate`], [`conflict`]) and written as Parquet parts ([`pick`], [`part`],
//! [`parquet`], [`store`]). [`source`] orders the files of a source, [`ingest()`] the sources of a pipeline, [`prepare`]
//! finds out what is new, [`candidates`] which column holds an ID, [`causes()`] why its people are nobody, [`state`] remembers.
//!
//! Why not Polars' own CSV reader: it tells neither the line of a row nor why a cell is not a date, it decodes
//! every cell of every row, and names would have entered memory before they could be dropped. See `benches/ingest`.
//!
//! Knows nothing of the lake's commits: it writes files that nobody refers to yet, and says which.

mod arrival;
mod batch;
mod candidates;
mod causes;
mod column;
mod conflict;
mod content;
mod contents;
mod convert;
mod damage;
mod decode;
mod derive;
mod drift;
mod duplicate;
mod error;
mod exact;
mod file;
mod identities;
mod ingest;
mod intern;
mod key;
mod keys;
mod layout;
mod legacy;
mod listing;
mod look;
mod manifest;
mod merge;
mod parquet;
mod part;
mod person;
mod pick;
mod positioned;
mod prepare;
mod preview;
mod profile;
mod provenance;
mod pseudonyms;
mod range;
mod record;
mod reject;
mod repeats;
mod rule;
mod ruled;
mod scan;
mod sheet;
mod source;
mod state;
mod store;
mod structure;
mod told;
mod version;
mod writer;

pub use causes::{Cause, Suspect, causes};
pub use error::{Fault, IngestError, Refusal};
pub use ingest::{Ingested, Options, ingest};
pub use key::{Key, KeyError};
pub use preview::{Preview, preview};
pub use profile::{Profiled, profile};
pub use rule::Rule;
pub use state::forget;
