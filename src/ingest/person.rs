//! How IDs are compared. An e-mail address is one person's in whatever case it is written (RFC 5321 leaves the case of the
//! part before the `@` to the receiving host, and no host of a school tells two people apart by it), with or without `mailto:`,
//! with or without `<` and `>` round it. Other IDs are compared as they are written, after the repairs that are declared.

use std::borrow::Cow;
use std::collections::BTreeMap;

use throughline_model::repair::{self, Repair};

use crate::intern::Interner;
use crate::legacy;

/// An address without what stands round it, in the case it is written in; any other ID as it is.
pub(crate) fn plain(id: &str) -> &str {
    let inside = match id.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((_, inside)) => inside.trim(),
        None => id,
    };
    let is_mailto = |start: &str| start.eq_ignore_ascii_case("mailto:");
    let address = match inside.get(..7).is_some_and(is_mailto) {
        true => inside[7..].trim(),
        false => inside,
    };
    if is_address(address) { address } else { id }
}

/// An ID as it is compared with others.
pub(crate) fn compared(id: &str) -> Cow<'_, str> {
    let plain = plain(id);
    if is_address(plain) && plain.chars().any(char::is_uppercase) {
        Cow::Owned(plain.to_lowercase())
    } else {
        Cow::Borrowed(plain)
    }
}

/// Whether an ID is an e-mail address, or as good as one: `name@host`.
pub(crate) fn is_address(id: &str) -> bool {
    let Some((name, host)) = id.split_once('@') else {
        return false;
    };
    let fits = |part: &str| {
        let odd = |c: char| c.is_whitespace() || "@<>/:,;".contains(c);
        !part.is_empty() && !part.contains(odd)
    };
    fits(name) && fits(host)
}

/// How the IDs of one column are mended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mending<'a> {
    repairs: &'a [Repair],
    /// Whether the file writes with an exponent only what is exactly that number.
    shortest: bool,
}

impl<'a> Mending<'a> {
    pub(crate) fn new(repairs: &'a [Repair], ids: &[String]) -> Self {
        let expands = repairs.contains(&Repair::ExpandExponent);
        Self {
            repairs,
            shortest: expands && is_shortest(ids),
        }
    }

    /// The ID of something else than a person: an address in it is no address.
    pub(crate) fn other<'t>(&self, id: &'t str) -> Cow<'t, str> {
        match repair::repaired(self.repairs, id, self.shortest) {
            Some(mended) => Cow::Owned(mended),
            None => Cow::Borrowed(id),
        }
    }

    /// A person's ID as it is compared with others.
    pub(crate) fn of<'t>(&self, id: &'t str) -> Cow<'t, str> {
        let id = compared(id);
        match repair::repaired(self.repairs, &id, self.shortest) {
            Some(mended) => Cow::Owned(mended),
            None => id,
        }
    }

    /// How many IDs that are written differently become one: two people, for all that can be told. With an example's shapes.
    pub(crate) fn merged(&self, ids: &[String]) -> (usize, Option<(String, String)>) {
        let mut first: BTreeMap<String, Cow<'_, str>> = BTreeMap::new();
        let (mut merged, mut example) = (0, None);
        if self.repairs.is_empty() {
            return (merged, example);
        }
        for id in ids {
            let written = compared(id);
            match first.get(self.of(id).as_ref()) {
                Some(other) if *other != written => {
                    merged += 1;
                    example.get_or_insert_with(|| {
                        (
                            crate::rule::shape(other.as_bytes()),
                            crate::rule::shape(written.as_bytes()),
                        )
                    });
                }
                Some(_) => {}
                None => {
                    first.insert(self.of(id).into_owned(), written);
                }
            }
        }
        (merged, example)
    }
}

/// Whether the IDs with an exponent are those of a program that writes every other number of the same length in full: then it wrote
/// so only what is exactly that number (R writes 100000 as `1e+05` and 100001 as `100001`).
fn is_shortest(ids: &[String]) -> bool {
    let mut full: BTreeMap<usize, usize> = BTreeMap::new();
    let mut powers: BTreeMap<usize, usize> = BTreeMap::new();
    for id in ids {
        let whole = repair::without_decimal(id).unwrap_or(id);
        if whole.bytes().all(|byte| byte.is_ascii_digit()) {
            *full.entry(whole.len()).or_default() += 1;
        } else if let Some(number) = repair::exponent(id) {
            *powers.entry(number.digits.len()).or_default() += 1;
        }
    }
    powers
        .iter()
        .all(|(length, count)| full.get(length).is_some_and(|full| full >= count))
}

/// The distinct texts of a column, trimmed; empty ones are left out.
pub(crate) fn texts(
    cells: &Interner,
    encoding: Option<&'static encoding_rs::Encoding>,
) -> Vec<String> {
    (0..cells.len() as u32)
        .filter_map(|cell| {
            let mut scratch = [0; 16];
            let text = legacy::text(cells.cell(cell, &mut scratch), encoding)?;
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_in_whatever_case_and_dress() {
        for text in [
            "Jane.Doe@District.Example",
            "jane.doe@district.example",
            "MAILTO:Jane.Doe@district.example",
            "<jane.doe@district.example>",
            "Doe, Jane <Jane.Doe@district.example>",
            "<mailto:JANE.DOE@DISTRICT.EXAMPLE>",
        ] {
            assert_eq!(compared(text), "jane.doe@district.example", "{text}");
        }
        // What is no address stays as it is: case can tell two of them apart.
        for text in [
            "E1",
            "JDoe",
            "@home",
            "a@",
            "a b@c",
            "https://x.example/@Jane",
            "<E1>",
            "mailto:E1",
        ] {
            assert_eq!(compared(text), text);
        }
    }

    #[test]
    fn ids_that_a_repair_makes_one_are_counted_and_addresses_are_none_of_them() {
        let ids = |texts: &[&str]| -> Vec<String> { texts.iter().map(|&t| t.to_owned()).collect() };
        let written = ids(&["42", "0042", "43.0", "A@b", "a@B"]);
        let repairs = [Repair::StripDecimal, Repair::PadZeros(4)];
        let mending = Mending::new(&repairs, &written);
        assert_eq!(mending.of("43.0"), "0043");
        let shapes = ("99".to_owned(), "9999".to_owned());
        assert_eq!(mending.merged(&written), (1, Some(shapes)));
        assert_eq!(Mending::default().merged(&written), (0, None));
    }

    #[test]
    fn an_exponent_stands_for_a_round_number_where_the_others_are_written_in_full() {
        let ids = |texts: &[&str]| -> Vec<String> { texts.iter().map(|&t| t.to_owned()).collect() };
        assert!(is_shortest(&ids(&["1e+05", "100001", "100002"])));
        assert!(is_shortest(&ids(&["1.0E+04", "10001.0", "20000.0"])));
        assert!(!is_shortest(&ids(&["1.00E+04", "1.01E+04", "999"])));
        assert!(!is_shortest(&ids(&["1.2E+11", "1.23457E+11", "10001"])));
    }
}
