//! How alike two column names are: words, not letters. `Student_Number`, `stuNbr` and `Pupil ID` share their words once
//! abbreviations are spelled out and synonyms are one word; letters alone decide only between misspellings.

/// Words that are one word here.
const SAME: &[(&str, &[&str])] = &[
    (
        "student",
        &[
            "stu", "std", "stud", "pupil", "learner", "students", "ssid", "scholar",
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
    ("date", &["dt", "day", "on", "timestamp", "datetime"]),
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
            "achievement",
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
    ("score", &["scaled", "scale", "rit"]),
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
    &[
        "access",
        "activities",
        "logins",
        "accessed",
        "activity",
        "events",
    ],
    &["mark", "grade"],
    &["points", "percent"],
    &["assessment", "test"],
    &["goal", "target"],
    &["subject", "course"],
];

/// Words that say little by themselves.
const WEAK: &[&str] = &[
    "id", "date", "name", "local", "district", "primary", "unique", "current", "is", "official",
    "overall",
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

/// The words of a name, abbreviations and synonyms as one word each.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in cut(name) {
        let one = SAME
            .iter()
            .find(|(_, others)| others.contains(&word.as_str()))
            .map_or(word, |(one, _)| (*one).to_owned());
        if !words.contains(&one) {
            words.push(one);
        }
    }
    words
}

/// How alike two words are, from 0 to 1.
fn alike(one: &str, other: &str) -> f64 {
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

/// How alike two names are, from 0 to 1; words of `context` (what the file is about) say little.
pub(super) fn similarity(one: &[String], other: &[String], context: &[String]) -> f64 {
    if one.is_empty() || other.is_empty() {
        return 0.0;
    }
    let weight = |word: &String| {
        if context.contains(word) {
            0.25
        } else if WEAK.contains(&word.as_str()) || word.chars().all(char::is_numeric) {
            0.45
        } else {
            1.0
        }
    };
    let best = |word: &String, among: &[String]| {
        among
            .iter()
            .map(|other| alike(word, other))
            .fold(0.0, f64::max)
    };
    let side = |words: &[String], among: &[String]| -> (f64, f64) {
        words.iter().fold((0.0, 0.0), |(found, all), word| {
            (found + weight(word) * best(word, among), all + weight(word))
        })
    };
    let (here, there) = (side(one, other), side(other, one));
    (here.0 + there.0) / (here.1 + there.1)
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
        let of = |one: &str, other: &str| similarity(&words(one), &words(other), &[]);
        assert!((of("Stu_Nbr", "student_id") - 1.0).abs() < 1e-9);
        assert!(of("EmployeeNumber", "student_id") < 0.5);
        assert!(of("Entry_Date", "begin_date") > 0.9);
        assert!(of("Lunch_Status", "begin_date") < 0.2);
    }
}
