//! What a district's analyst would notice: exports in a folder, parts and counts out.

mod bad_input;
mod bundles;
mod dialects;
mod duplicates;
mod kit;
mod parts;
mod properties;
mod rerun;
mod workbooks;
