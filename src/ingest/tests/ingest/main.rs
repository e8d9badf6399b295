//! What a district's analyst would notice: exports in a folder, parts and counts out.

mod bad_input;
mod bundles;
mod candidates;
mod composed;
mod conflicts;
mod counted;
mod dialects;
mod drift;
mod duplicates;
mod kit;
mod monday;
mod nights;
mod not_tested;
mod parts;
mod people;
mod properties;
mod propose;
mod rerun;
mod rosters;
mod sessions;
mod shipped;
mod workbooks;
