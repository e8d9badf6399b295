//! How alike two column names are: words, not letters. `Student_Number`, `stuNbr` and `Pupil ID` share their words once
//! abbreviations are spelled out and synonyms are one word; letters alone decide only between misspellings.

/// Words that are one word here.
const SAME: &[(&str, &[&str])] = &[
    (
        "student",
        &[
            "stu", "std", "stud", "pupil", "learner", "students", "ssid", "scholar", "lasid",
            "sasid", "child", "stdnt", "perm",
        ],
    ),
    (
        "school",
        &[
            "sch", "skl", "campus", "site", "building", "bldg", "location", "org", "schools",
            "facility",
        ],
    ),
    (
        "staff",
        &[
            "emp",
            "employee",
            "teacher",
            "educator",
            "instructor",
            "teachers",
            "faculty",
            "tch",
            "professor",
        ],
    ),
    (
        "person",
        &[
            "recipient",
            "login",
            "user",
            "username",
            "users",
            "earner",
            "participant",
            "member",
            "actor",
            "upn",
        ],
    ),
    (
        "id",
        &[
            "num",
            "no",
            "nbr",
            "number",
            "identifier",
            "code",
            "key",
            "sourced",
            "ids",
            "oid",
            "sis",
            "uid",
            "guid",
            "tag",
            "descriptor",
        ],
    ),
    (
        "date",
        &["dt", "dte", "day", "on", "timestamp", "datetime", "dates"],
    ),
    (
        "begin",
        &[
            "start",
            "started",
            "first",
            "entry",
            "entered",
            "effective",
            "from",
            "enrolled",
            "registration",
        ],
    ),
    (
        "end",
        &[
            "last",
            "exit",
            "exited",
            "stop",
            "left",
            "finish",
            "until",
            "withdrawal",
        ],
    ),
    ("attendance", &["att", "attend", "absence", "absent"]),
    ("section", &["class", "classroom", "sections", "classes"]),
    ("session", &["term", "semester", "marking"]),
    ("year", &["yr", "years", "sy"]),
    ("level", &["lvl"]),
    ("minutes", &["mins", "min", "minute", "duration"]),
    (
        "tool",
        &[
            "app",
            "application",
            "product",
            "software",
            "applications",
            "apps",
        ],
    ),
    ("cost", &["price", "fee", "amount", "cents"]),
    ("seats", &["quantity", "licenses", "seat", "license"]),
    ("device", &["asset", "serial", "chromebook", "devices"]),
    (
        "behavior",
        &["offense", "infraction", "violation", "behaviour"],
    ),
    (
        "action",
        &[
            "consequence",
            "resolution",
            "disposition",
            "sanction",
            "actions",
        ],
    ),
    (
        "credential",
        &[
            "badge",
            "certification",
            "certificate",
            "microcredential",
            "badges",
            "award",
        ],
    ),
    ("issued", &["issue", "awarded", "earned"]),
    (
        "expires",
        &["expiration", "expiry", "expire", "through", "expired"],
    ),
    ("assigned", &["issuedto", "checkout", "assign"]),
    ("returned", &["checkin", "return"]),
    ("opened", &["created", "open", "submitted"]),
    ("closed", &["close", "resolved", "solved"]),
    ("completed", &["completion", "complete"]),
    ("status", &["outcome"]),
    ("score", &["scaled", "scale", "rit", "scores"]),
    ("percentile", &["ptile"]),
    ("assessment", &["test", "exam", "assess"]),
    ("overall", &["composite", "total"]),
    ("performance", &["proficiency", "achievement", "placement"]),
    ("error", &["se", "sem", "csem", "stderr"]),
    ("category", &["type"]),
    ("mode", &["delivery", "modality", "format"]),
    ("provider", &["publisher", "organizer"]),
    ("period", &["prd", "block"]),
    ("incident", &["incidents", "referral"]),
    ("name", &["title"]),
    ("subject", &["discipline", "department", "dept", "content"]),
    ("grade", &["grades", "gr"]),
    ("hours", &["hour", "hrs"]),
    ("role", &["job", "position"]),
    ("instructional", &["instruction", "membership"]),
];

/// Words that often mean the same: a match counts in part.
const RELATED: &[&[&str]] = &[
    &["course", "activity", "workshop", "module", "training", "pd"],
    &["person", "student"],
    &["person", "staff"],
    &["person", "email"],
    &["begin", "issued", "assigned", "opened", "hire"],
    &["end", "expires", "returned", "closed"],
    &["date", "completed"],
    &["incident", "behavior", "log"],
    &["event", "category"],
    &["result", "status"],
    &["year", "session"],
    &["level", "grade", "performance"],
    &["percent", "percentile", "contribution"],
    &["program", "framework", "service"],
    &["effort", "contribution"],
    &["attendance", "category"],
    &["access", "login", "accessed", "activity", "event"],
    &["mark", "grade"],
    &["point", "percent"],
    &[
        "completed",
        "taken",
        "tested",
        "administered",
        "administration",
    ],
    &["date", "taken", "tested"],
    &["goal", "target"],
    &["subject", "course"],
];

/// Words that say little by themselves.
const WEAK: &[&str] = &[
    "id", "date", "name", "local", "district", "primary", "unique", "current", "is", "official",
    "overall", "standard",
];

/// A name as it was cut, in lower case: `AttDate` is `att`, `date`.
pub(super) fn cut(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    let letters: Vec<char> = name.chars().collect();
    for (index, c) in letters.iter().copied().enumerate() {
        let next_is_lower = letters
            .get(index + 1)
            .is_some_and(|next| next.is_lowercase());
        let starts = c.is_uppercase()
            && (before.is_lowercase() || before.is_uppercase() && next_is_lower)
            || c.is_numeric() != before.is_numeric();
        if !c.is_alphanumeric() {
            before = ' ';
            continue;
        }
        if before == ' ' || starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.into_iter().flat_map(|word| split(&word)).collect()
}

/// Words written as one that ends in a common word: `studentid`, `lastname`.
fn split(word: &str) -> Vec<String> {
    for end in ["id", "date", "name", "number", "code", "year"] {
        if let Some(start) = word.strip_suffix(end)
            && start.len() >= 3
            && (known(start)
                || [
                    "last", "first", "middle", "given", "family", "birth", "full", "course",
                    "sourced",
                ]
                .contains(&start))
        {
            return vec![start.to_owned(), end.to_owned()];
        }
    }
    vec![word.to_owned()]
}

fn known(word: &str) -> bool {
    SAME.iter()
        .any(|(one, others)| *one == word || others.contains(&word))
}

/// `activities` is `activity`, `services` is `service`.
fn singular(word: &str) -> String {
    match word.strip_suffix("ies") {
        Some(start) if start.len() >= 3 => format!("{start}y"),
        _ if word.len() > 4 && !["ss", "us", "is"].iter().any(|end| word.ends_with(end)) => {
            word.strip_suffix('s').unwrap_or(word).to_owned()
        }
        _ => word.to_owned(),
    }
}

/// The words of a name, abbreviations and synonyms as one word each.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let cut = cut(name);
    for (place, word) in cut.iter().enumerate() {
        let next = cut.get(place + 1).map_or("", String::as_str);
        // `issued on` is a date, `focus on activities` is not.
        if word == "on" && !next.is_empty() {
            continue;
        }
        let one = match word.as_str() {
            "std" if next.starts_with("err") || next.starts_with("dev") => "standard".to_owned(),
            _ => SAME
                .iter()
                .find(|(one, others)| *one == word || others.contains(&word.as_str()))
                .map_or_else(|| singular(word), |(one, _)| (*one).to_owned()),
        };
        if !words.contains(&one) {
            words.push(one);
        }
    }
    words
}

/// How alike two words are, from 0 to 1.
pub(super) fn alike(one: &str, other: &str) -> f64 {
    if one == other {
        return 1.0;
    }
    if RELATED
        .iter()
        .any(|group| group.contains(&one) && group.contains(&other))
    {
        return 0.65;
    }
    let misspelt = one.len().min(other.len()) >= 5 && strsim::jaro_winkler(one, other) >= 0.93;
    if misspelt { 0.9 } else { 0.0 }
}

/// Whether a word says little by itself.
pub(super) fn is_weak(word: &str) -> bool {
    WEAK.contains(&word) || word.chars().all(char::is_numeric)
}

/// How much a word says by itself; words of `context` (what the file is about) say little.
pub(super) fn weight(word: &str, context: &[String]) -> f64 {
    if context.iter().any(|about| about == word) {
        0.25
    } else if is_weak(word) {
        0.45
    } else {
        1.0
    }
}

/// How alike two names are, from 0 to 1.
pub(super) fn similarity(one: &[String], other: &[String]) -> f64 {
    let weights =
        |words: &[String]| -> Vec<f64> { words.iter().map(|word| weight(word, &[])).collect() };
    whole(&weights(one), &weights(other), |here, there| {
        alike(&one[here], &other[there])
    })
}

/// How alike two names are whose words weigh so much and are so alike: the share of their weight that finds its like.
pub(super) fn whole(one: &[f64], other: &[f64], alike: impl Fn(usize, usize) -> f64) -> f64 {
    if one.is_empty() || other.is_empty() {
        return 0.0;
    }
    let (mut found, mut all) = (0.0, 0.0);
    for (here, weight) in one.iter().enumerate() {
        let best = (0..other.len()).map(|there| alike(here, there));
        found += weight * best.fold(0.0, f64::max);
        all += weight;
    }
    for (there, weight) in other.iter().enumerate() {
        let best = (0..one.len()).map(|here| alike(here, there));
        found += weight * best.fold(0.0, f64::max);
        all += weight;
    }
    found / all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_where_people_cut_them() {
        assert_eq!(cut("AttDate"), ["att", "date"]);
        assert_eq!(cut("TestRITScore"), ["test", "rit", "score"]);
        assert_eq!(cut("Student_Number"), ["student", "number"]);
        assert_eq!(cut("studentid"), ["student", "id"]);
        assert_eq!(cut("LATEST PSAT-89"), ["latest", "psat", "89"]);
    }

    #[test]
    fn synonyms_are_alike_and_strangers_are_not() {
        let of = |one: &str, other: &str| similarity(&words(one), &words(other));
        assert!((of("Stu_Nbr", "student_id") - 1.0).abs() < 1e-9);
        assert!(of("EmployeeNumber", "student_id") < 0.5);
        assert!(of("Entry_Date", "begin_date") > 0.9);
        assert!(of("Lunch_Status", "begin_date") < 0.2);
    }
}
