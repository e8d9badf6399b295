//! The vendor mappings and measures that come with Throughline: the files of `pipelines/mappings` and
//! `pipelines/measures`, embedded when the program is built. A pipeline's own file of the same name wins.

/// Name and text of each.
mod embedded {
    include!(concat!(env!("OUT_DIR"), "/builtin.rs"));
}

/// Vendor mappings: file stem and TOML text, sorted by name.
pub fn mappings() -> &'static [(&'static str, &'static str)] {
    embedded::MAPPINGS
}

/// Measures: file stem and SQL text, sorted by name.
pub fn measures() -> &'static [(&'static str, &'static str)] {
    embedded::MEASURES
}
