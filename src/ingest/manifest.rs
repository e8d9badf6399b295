//! The `manifest.csv` of a OneRoster bundle: which version it is, and which files it should hold. A bundle without one
//! is read all the same, for many systems leave it out.

use throughline_model::dialect::Dialect;
use throughline_model::progress::Silent;

use crate::decode::lookup::neighbour;
use crate::decode::open::open;
use crate::decode::row::{DecodeError, Row, Step};
use crate::listing::Listed;

/// Holds the bundle that `listed` is in against its manifest.
///
/// # Errors
/// When the manifest says another version than `version`, or names a file that is not there.
pub(crate) fn check(listed: &Listed, version: &str) -> Result<(), DecodeError> {
    let Some(manifest) = neighbour(listed, "manifest.csv")? else {
        return Ok(());
    };
    let mut rows = open(&manifest, &Dialect::default(), &[], &Silent)?.rows;
    let mut row = Row::default();
    loop {
        match rows.next(&mut row)? {
            Step::End => return Ok(()),
            Step::Row if row.len() == 2 => {}
            Step::Row | Step::Broken(..) => continue,
        }
        let text = |index| String::from_utf8_lossy(row.cell(index)).trim().to_owned();
        let (name, value) = (text(0), text(1));
        if name == "oneroster.version" && value != version {
            return Err(DecodeError::hinted(
                0,
                format!(
                    "the bundle's manifest says OneRoster {value}, the mapping is for {version}"
                ),
                "name the mapping `oneroster_1_1` or `oneroster_1_2`",
            ));
        }
        if let Some(file) = name.strip_prefix("file.")
            && matches!(value.as_str(), "bulk" | "delta")
            && neighbour(listed, &format!("{file}.csv"))?.is_none()
        {
            let message = format!("the bundle's manifest names `{file}.csv`, which is not there");
            return Err(DecodeError::refused(0, message));
        }
    }
}
