//! The vendor mappings, measures and definitions of measures that come with Throughline: the files of `pipelines/mappings`,
//! `pipelines/measures` and `pipelines/definitions`, embedded when the program is built. A pipeline's own file of the same name wins.

/// Name and text of each.
mod embedded {
    include!(concat!(env!("OUT_DIR"), "/builtin.rs"));
}

/// Vendor mappings: file stem and TOML text, sorted by name.
pub fn mappings() -> &'static [(&'static str, &'static str)] {
    embedded::MAPPINGS
}

/// Definitions of measures: the measure's name and TOML text, sorted by name.
pub fn definitions() -> &'static [(&'static str, &'static str)] {
    embedded::DEFINITIONS
}

/// Measures: file stem and SQL text, sorted by name.
pub fn measures() -> &'static [(&'static str, &'static str)] {
    embedded::MEASURES
}
