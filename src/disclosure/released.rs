//! The border. A value inside [`Released`] has passed [`release`]; there is no other way in: the constructor is
//! private, and it can be written out but not read back in, since what is read from a file has been checked by nobody.

use std::ops::Deref;

use serde::Serialize;
use throughline_model::pipeline::Privacy;

use crate::quality::Quality;
use crate::report::{Report, Rules};
use crate::{definitions, primary, quality, round};

/// Something that may be published. Read-only.
///
/// It cannot be made outside this crate:
///
/// ```compile_fail
/// let released = throughline_disclosure::Released("42 students");
/// ```
///
/// nor read from a file:
///
/// ```compile_fail
/// fn read<T: serde::de::DeserializeOwned>(_: T) {}
/// fn check(released: throughline_disclosure::Released<throughline_disclosure::Report>) {
///     read(released);
/// }
/// ```
///
/// nor changed once it is made:
///
/// ```compile_fail
/// fn change(mut released: throughline_disclosure::Released<throughline_disclosure::Report>) {
///     released.district.clear();
/// }
/// ```
///
/// It can be read and written out:
///
/// ```
/// fn read(released: &throughline_disclosure::Released<throughline_disclosure::Report>) -> &str {
///     &released.district
/// }
/// fn write<T: serde::Serialize>(_: T) {}
/// fn check(released: throughline_disclosure::Released<throughline_disclosure::Report>) {
///     write(released);
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Released<T>(T);

impl<T> Released<T> {
    /// What may be published.
    pub fn get(&self) -> &T {
        &self.0
    }
}

impl<T> Deref for Released<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Withholds what the district's rules do not let out, rounds the rest, and lets it pass.
///
/// Findings that may not be shown move from `findings.findings` to `findings.withheld`; dose bins and coverage cells
/// stay where they are, without their numbers and with the rule. What could be done next is chosen from what is left.
pub fn release(mut report: Report, privacy: &Privacy) -> Released<Report> {
    report.rules = Rules::of(privacy);
    primary::suppress(&mut report.findings, report.rules);
    round::round(&mut report.findings);
    let patterns = std::mem::take(&mut report.patterns);
    report.definitions = patterns
        .iter()
        .map(|found| definitions::release(found, report.rules))
        .collect();
    report.findings.actions = throughline_evidence::actions(&report.findings.findings);
    Released(report)
}

/// Withholds counts of rows behind which too few students may stand, and lets the rest pass: it names files, lines and rules
/// for the people who look after the exports.
pub fn release_quality(mut found: Quality, privacy: &Privacy) -> Released<Quality> {
    found.rules = Rules::of(privacy);
    quality::suppress(&mut found);
    Released(found)
}
