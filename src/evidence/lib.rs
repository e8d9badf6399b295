//! From a pipeline's questions and the lake's panels to findings that say how far they can be believed.
pub mod finding;
