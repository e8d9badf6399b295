//! Which columns a proposal leaves out because of what they would bring into the lake: names, birth dates, addresses,
//! and text that people wrote. A canonical table has no place for them, and no likeness of names may find one.

use super::names::cut;
use super::profile::ColumnProfile;

/// Words whose column is about a person's birth.
const BIRTH: &[&str] = &["birth", "dob", "birthdate", "birthday", "bday"];
/// Words that make a `name` a person's.
const OF_PERSONS: &[&str] = &[
    "first",
    "last",
    "middle",
    "given",
    "family",
    "full",
    "preferred",
    "nick",
    "sur",
    "maiden",
    "student",
    "teacher",
    "staff",
    "employee",
    "parent",
    "guardian",
    "learner",
    "requester",
    "user",
    "legal",
    "person",
    "recipient",
    "display",
    "assignee",
    "instructor",
    "counselor",
];
/// Words whose column says where or how a person is reached.
const CONTACT: &[&str] = &[
    "phone", "address", "street", "zip", "postal", "sms", "ssn", "fax", "password", "mobile",
    "city",
];
/// Words whose column holds what people wrote.
const WRITTEN: &[&str] = &[
    "notes",
    "note",
    "comment",
    "comments",
    "narrative",
    "remarks",
    "description",
    "explanation",
    "evidence",
];

/// Why a column is not to be mapped, if so.
pub(super) fn reason(column: &ColumnProfile) -> Option<&'static str> {
    let words = cut(&column.name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let is = |one: &str| words.iter().any(|word| word == one);
    if has(BIRTH) {
        Some("a birth date")
    } else if is("surname") || is("name") && has(OF_PERSONS) || words == ["name", "last"] {
        Some("a person's name")
    } else if has(CONTACT) {
        Some("how a person is reached")
    } else if has(WRITTEN) || column.is_prose() {
        Some("text that people wrote")
    } else {
        None
    }
}

/// Whether a column holds e-mail addresses: an ID of last resort.
pub(super) fn is_email(column: &ColumnProfile) -> bool {
    column.filled > 0 && 2 * column.emails > column.filled
        || cut(&column.name)
            .iter()
            .any(|word| word == "email" || word == "mail")
}
