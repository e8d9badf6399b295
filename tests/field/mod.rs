//! Small districts whose right values were worked out by hand, each in the shape of a public report (`docs/field-reports.md`): what a
//! district's rows look like when they are as they are, and what has to come out. All of them are read with shipped mappings.

mod attendance;
mod classes;
mod disagree;
mod discipline;
mod district;
mod enrollment;
mod scores;
mod training;
