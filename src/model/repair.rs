//! What a script or a spreadsheet did to IDs, and how it is undone. A repair is declared, never guessed: in the mapping's field, or
//! in the pipeline's source.
//!
//! ```toml
//! student_id = { from = "Student_Number", repair = ["strip_decimal", "pad_zeros:7"] }   # mapping
//! ids = { student_id = { repair = "strip_decimal" } }                                  # source
//! ```
//! Repairs are applied in the order in which they stand, each to what it is about: an ID that has none of the damage stays as it is.
//! An ID of several columns is repaired column by column.

use crate::diagnostic::Diagnostic;
use crate::suggest::nearest;

/// Longest ID that `pad_zeros` makes.
const LONGEST: usize = 32;
/// What stands between the columns of an ID that is put together.
const JOINED: char = '·';

/// One repair of an ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// `20001.0` is `20001`: a script held the IDs as numbers with decimals.
    StripDecimal,
    /// `2.0001E+04` is `20001`: a spreadsheet or a script wrote a number with an exponent. Only where no digit is lost.
    ExpandExponent,
    /// `42` is `0000042`: leading zeros were lost.
    PadZeros(usize),
    /// `0000042` is `42`: the others have no leading zeros.
    StripZeros,
    /// `'0042` is `0042`: a spreadsheet's mark for text.
    StripApostrophe,
    /// IDs in which upper and lower case are the same.
    LowerCase,
}

impl Repair {
    /// Reads `strip_decimal`, `expand_exponent`, `pad_zeros:7`, `strip_zeros`, `strip_apostrophe` or `lower_case`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let known = [
            "strip_decimal",
            "expand_exponent",
            "pad_zeros:7",
            "strip_zeros",
            "strip_apostrophe",
            "lower_case",
        ];
        match text.trim() {
            "strip_decimal" => return Ok(Self::StripDecimal),
            "expand_exponent" => return Ok(Self::ExpandExponent),
            "strip_zeros" => return Ok(Self::StripZeros),
            "strip_apostrophe" => return Ok(Self::StripApostrophe),
            "lower_case" => return Ok(Self::LowerCase),
            _ => {}
        }
        let digits = text.trim().strip_prefix("pad_zeros:");
        if let Some(Ok(length @ 1..=LONGEST)) = digits.map(str::parse) {
            return Ok(Self::PadZeros(length));
        }
        Err(
            Diagnostic::error(None, format!("no repair of IDs is called `{text}`"))
                .did_you_mean(nearest(text, known))
                .hint(format!(
                    "repairs: `{}`, where 7 is how long an ID is (at most {LONGEST})",
                    known.join("`, `")
                )),
        )
    }

    /// How it is declared.
    pub fn word(self) -> String {
        match self {
            Self::StripDecimal => "strip_decimal".to_owned(),
            Self::ExpandExponent => "expand_exponent".to_owned(),
            Self::PadZeros(length) => format!("pad_zeros:{length}"),
            Self::StripZeros => "strip_zeros".to_owned(),
            Self::StripApostrophe => "strip_apostrophe".to_owned(),
            Self::LowerCase => "lower_case".to_owned(),
        }
    }

    /// The ID without the damage; `None` where it has none. `shortest` says that the file writes with an exponent only what is
    /// exactly that number (see [`exponent`]).
    fn one(self, id: &str, shortest: bool) -> Option<String> {
        match self {
            Self::StripDecimal => without_decimal(id).map(str::to_owned),
            Self::ExpandExponent => {
                let number = exponent(id)?;
                (number.is_whole || shortest && number.is_plain).then_some(number.digits)
            }
            Self::PadZeros(length) => {
                (is_digits(id) && id.len() < length).then(|| format!("{id:0>length$}"))
            }
            Self::StripZeros => {
                let short = id.trim_start_matches('0');
                (is_digits(id) && !short.is_empty() && short.len() < id.len())
                    .then(|| short.to_owned())
            }
            Self::StripApostrophe => id.strip_prefix('\'').map(str::to_owned),
            Self::LowerCase => {
                let lower = id.to_lowercase();
                (lower != id).then_some(lower)
            }
        }
    }
}

/// The ID after all repairs; `None` where they leave it as it is.
pub fn repaired(repairs: &[Repair], id: &str, shortest: bool) -> Option<String> {
    let mut now: Option<String> = None;
    for repair in repairs {
        let text = now.as_deref().unwrap_or(id);
        let next = if text.contains(JOINED) {
            let parts: Vec<&str> = text.split(JOINED).collect();
            let after: Vec<Option<String>> = parts
                .iter()
                .map(|part| repair.one(part, shortest))
                .collect();
            after.iter().any(Option::is_some).then(|| {
                let each = after.into_iter().zip(&parts);
                let each: Vec<String> = each
                    .map(|(after, before)| after.unwrap_or_else(|| (*before).to_owned()))
                    .collect();
                each.join(&JOINED.to_string())
            })
        } else {
            repair.one(text, shortest)
        };
        now = next.or(now);
    }
    now
}

/// The digits of `20001.0`.
pub fn without_decimal(id: &str) -> Option<&str> {
    let (whole, zeros) = id.split_once('.')?;
    let is_zero = !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0');
    (is_digits(whole) && is_zero).then_some(whole)
}

/// A number that is written with an exponent: `1.23E+09`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exponent {
    /// Its digits, as far as they are written, with zeros for the others.
    pub digits: String,
    /// Whether all its digits are written: `2.0001E+04`.
    pub is_whole: bool,
    /// Whether no zeros were added to it, as programs write a number that is exactly that: `1e+05`, `1.0E+04`, `1.2E+05`.
    /// A spreadsheet that has rounded to two decimals writes `1.00E+04`.
    pub is_plain: bool,
}

/// Reads a number that is written with an exponent.
pub fn exponent(id: &str) -> Option<Exponent> {
    let (number, power) = id.split_once(['E', 'e'])?;
    let power = power.strip_prefix('+').unwrap_or(power);
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    if whole.len() != 1 || whole == "0" || !is_digits(whole) || !is_digits(part) {
        return None;
    }
    let power: usize = is_digits(power).then(|| power.parse().ok()).flatten()?;
    let short = part.trim_end_matches('0');
    if power > LONGEST || short.len() > power {
        return None;
    }
    let digits = format!("{whole}{short:0<power$}");
    Some(Exponent {
        digits,
        is_whole: part.len() >= power,
        is_plain: part == "0" || short.len() == part.len(),
    })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(words: &[&str], id: &str) -> Option<String> {
        let repairs: Vec<Repair> = words
            .iter()
            .map(|word| Repair::parse(word).expect("a repair"))
            .collect();
        repaired(&repairs, id, false)
    }

    #[test]
    fn each_repair_undoes_its_own_damage_and_leaves_the_rest() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(after(&["strip_decimal"], "20001.0"), some("20001"));
        assert_eq!(after(&["strip_decimal"], "20001.00"), some("20001"));
        for id in ["20001", "20001.5", ".0", "A1.0", "20001."] {
            assert_eq!(after(&["strip_decimal"], id), None, "{id}");
        }
        assert_eq!(after(&["pad_zeros:7"], "1042"), some("0001042"));
        assert_eq!(after(&["pad_zeros:4"], "1042"), None);
        assert_eq!(after(&["pad_zeros:7"], "E42"), None);
        assert_eq!(after(&["strip_zeros"], "0042"), some("42"));
        assert_eq!(after(&["strip_zeros"], "0000"), None);
        assert_eq!(after(&["strip_apostrophe"], "'0042"), some("0042"));
        assert_eq!(after(&["lower_case"], "JDoe"), some("jdoe"));
        // One after the other, and each column of an ID that is put together.
        assert_eq!(
            after(&["strip_decimal", "pad_zeros:7"], "1042.0"),
            some("0001042")
        );
        assert_eq!(
            after(&["strip_decimal", "pad_zeros:4"], "101.0·7"),
            some("0101·0007")
        );
    }

    #[test]
    fn a_number_with_an_exponent_is_expanded_only_where_no_digit_is_lost() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(after(&["expand_exponent"], "2.0001E+04"), some("20001"));
        assert_eq!(after(&["expand_exponent"], "2.00010e4"), some("20001"));
        for lost in [
            "1.23457E+09",
            "1.00E+04",
            "1.0E+04",
            "2.5E+00",
            "20001",
            "AE+04",
        ] {
            assert_eq!(after(&["expand_exponent"], lost), None, "{lost}");
        }
        // In a file that writes only round numbers so.
        let round = |id| repaired(&[Repair::ExpandExponent], id, true);
        assert_eq!(round("1.0E+04"), some("10000"));
        assert_eq!(round("1e+05"), some("100000"));
        assert_eq!(round("1.2E+05"), some("120000"));
        assert_eq!(round("1.00E+04"), None);
    }

    #[test]
    fn what_is_no_repair_is_told_with_what_is_near() {
        for word in [
            "strip_decimals",
            "pad_zeros",
            "pad_zeros:0",
            "pad_zeros:99",
            "merge",
        ] {
            let told = Repair::parse(word).expect_err("no repair").to_string();
            assert!(
                told.contains(word) && told.contains("pad_zeros:7"),
                "{told}"
            );
        }
        for word in ["pad_zeros:7", "strip_decimal", "lower_case", "strip_zeros"] {
            assert_eq!(Repair::parse(word).map(Repair::word), Ok(word.to_owned()));
        }
    }
}
