//! A synthetic district with planted truth, as vendor-shaped exports.
