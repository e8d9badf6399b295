//! What the exports hold beside the truth leaves the truth alone: a district with messes holds every row of the same
//! district without, and counted by hand as its rows ask for, it says the same.

use std::collections::{BTreeMap, BTreeSet};

use super::{district, small, table};
use crate::{Attendance, Messes, Spec};

type Files = BTreeMap<String, Vec<u8>>;
/// How often each row occurs.
type Rows = BTreeMap<Vec<String>, u64>;

const YEARS: [&str; 3] = ["2022-23", "2023-24", "2024-25"];

/// The same district without messes and with them.
fn both(attendance: Attendance) -> (Files, Files) {
    let of = |messes| {
        district(&Spec {
            students: 1_500,
            schools: 7,
            attendance,
            messes,
            ..small()
        })
    };
    (of(Messes::None), of(Messes::Usual))
}

fn rows(bytes: &[u8]) -> Rows {
    let mut rows = Rows::new();
    for row in table(bytes).1 {
        *rows.entry(row).or_default() += 1;
    }
    rows
}

/// Rows of each mess in each file, as `truth.json` tells them.
pub(super) fn told(files: &Files) -> BTreeMap<(String, String), u64> {
    let truth: serde_json::Value =
        serde_json::from_slice(&files["truth.json"]).expect("truth.json");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let mut told = BTreeMap::new();
    for mess in truth["messes"].as_array().expect("messes") {
        for file in mess["files"].as_array().expect("files") {
            let rows = file["rows"].as_u64().expect("a count");
            told.insert((text(&file["file"]), text(&mess["kind"])), rows);
        }
    }
    told
}

/// Malformed, repeated and correcting rows of a file.
fn planted(files: &Files, name: &str) -> u64 {
    let truth: serde_json::Value =
        serde_json::from_slice(&files["truth.json"]).expect("truth.json");
    let planted = truth["planted_mess"].as_array().expect("a list").iter();
    let of_file = planted.filter(|entry| entry["file"] == name);
    of_file
        .map(|entry| entry["rows"].as_u64().expect("a count"))
        .sum()
}

/// Asserts that `messy` holds every row of `clean`, and beside them as many as `truth.json` tells.
fn holds(messy: &Files, clean: &Files, name: &str, key: fn(&[String]) -> Vec<String>) {
    let keyed = |files: &Files| {
        let mut keyed = Rows::new();
        for (row, count) in rows(&files[name]) {
            *keyed.entry(key(&row)).or_default() += count;
        }
        keyed
    };
    let (mut left, clean) = (keyed(messy), keyed(clean));
    for (row, count) in clean {
        let found = left
            .get_mut(&row)
            .unwrap_or_else(|| panic!("{name}: {row:?}"));
        assert!(*found >= count, "{name}: {row:?}");
        *found -= count;
    }
    let beside: u64 = left.values().sum();
    let of_file = told(messy)
        .into_iter()
        .filter(|((file, _), _)| file == name);
    let told: u64 = of_file.map(|(_, rows)| rows).sum();
    assert_eq!(beside, told + planted(messy, name), "{name}");
}

#[test]
fn every_true_row_is_there_and_the_others_are_counted() {
    let (clean, messy) = both(Attendance::Exceptions);
    let whole: fn(&[String]) -> Vec<String> = <[String]>::to_vec;
    for year in YEARS {
        holds(&messy, &clean, &format!("sis/enrollment_{year}.csv"), whole);
        // What was exported with errors and then corrected is not what is true.
        if year != "2023-24" {
            holds(&messy, &clean, &format!("sis/students_{year}.csv"), whole);
            let name = format!("sis/attendance/attendance_{year}.csv");
            holds(&messy, &clean, &name, whole);
        }
        holds(&messy, &clean, &format!("hr/staff_{year}.csv"), whole);
        holds(&messy, &clean, &format!("assess/state_{year}.csv"), whole);
        // Class numbers are the school's own, and the mark's school is told.
        holds(&messy, &clean, &format!("sis/marks_{year}.csv"), |row| {
            [&row[..1], &row[2..8]].concat()
        });
        for window in ["1_fall", "2_winter"] {
            let name = format!("assess/map_growth_{year}_{window}.csv");
            holds(&messy, &clean, &name, |row| row[..8].to_vec());
        }
    }
    for unchanged in [
        "sis/calendar.csv",
        "sis/schools.csv",
        "pd/catalog.csv",
        "tools/tools.csv",
    ] {
        assert!(messy[unchanged] == clean[unchanged], "{unchanged}");
    }
    let corrected = rows(&messy["sis/students_2023-24_corrected.csv"]);
    let students = rows(&clean["sis/students_2023-24.csv"]);
    assert!(corrected.len() > 10 && corrected.keys().all(|row| students.contains_key(row)));
    let truth = |files: &Files| -> serde_json::Value {
        serde_json::from_slice(&files["truth.json"]).expect("truth.json")
    };
    for part in ["programs", "scale", "district"] {
        assert_eq!(truth(&messy)[part], truth(&clean)[part], "{part}");
    }
}

#[test]
fn a_district_of_every_day_has_schools_of_exceptions() {
    let (clean, messy) = both(Attendance::Daily);
    let name = "sis/attendance/attendance_2024-25.csv";
    let (clean, all) = (rows(&clean[name]), rows(&messy[name]));
    let present: BTreeSet<_> = clean.keys().filter(|row| row[3] == "P").collect();
    let lacking: BTreeSet<_> = present
        .iter()
        .filter(|row| !all.contains_key(**row))
        .collect();
    let schools: BTreeSet<_> = lacking.iter().map(|row| &row[2]).collect();
    assert_eq!(schools.len(), 1);
    let absent = clean.keys().filter(|row| row[3] != "P");
    assert!(absent.clone().count() > 1_000 && absent.clone().all(|row| all.contains_key(row)));
    // Nobody of that school has a row for every day, and field trips are told all the same.
    let trips = present
        .iter()
        .filter(|row| schools.contains(&row[2]) && all.contains_key(**row));
    let (trips, days) = (trips.count(), lacking.len());
    assert!(trips > 50 && trips * 50 < days, "{trips} of {days}");
}

/// School and number in the school of each section, in the order of the file; and how the clean district calls it.
fn sections(files: &Files, year: &str) -> Vec<(String, String)> {
    let (_, rows) = table(&files[&format!("sis/sections_{year}.csv")]);
    rows.into_iter()
        .map(|row| (row[2].clone(), row[0].clone()))
        .collect()
}

#[test]
fn class_numbers_are_unique_in_a_school_and_lead_to_the_same_classes() {
    let (clean, messy) = both(Attendance::Exceptions);
    for (t, year) in YEARS.into_iter().enumerate() {
        let (ours, theirs) = (sections(&clean, year), sections(&messy, year));
        let own: BTreeSet<_> = theirs.iter().collect();
        let numbers: BTreeSet<_> = theirs.iter().map(|(_, number)| number).collect();
        assert_eq!(own.len(), theirs.len(), "unique in a school");
        assert!(numbers.len() * 2 < theirs.len(), "and in no district");
        // Both files list the same sections in the same order.
        let named: BTreeMap<_, _> = theirs.iter().zip(&ours).collect();
        let school_of: BTreeMap<_, _> = ours.iter().map(|(school, id)| (id, school)).collect();
        let name = format!("sis/rosters_{year}.csv");
        let (header, mut seats) = table(&messy[&name]);
        assert_eq!(header.len(), if t == 0 { 4 } else { 5 }, "{year}");
        let (_, mut truth) = table(&clean[&name]);
        if t == 0 {
            // Of which school a class is, is what the students' enrollment says.
            for row in &mut truth {
                let (school, number) = &theirs[ours
                    .iter()
                    .position(|(_, id)| *id == row[1])
                    .expect("a section")];
                assert_eq!(school_of[&row[1]], school);
                row[1].clone_from(number);
            }
        } else {
            for row in &mut seats {
                if let Some((_, id)) = named.get(&(row[4].clone(), row[1].clone())) {
                    row[1].clone_from(id);
                }
                row.truncate(4);
            }
        }
        // A place that was given up ends before it begins.
        let day = |us: &str| -> String {
            match us.split('/').collect::<Vec<_>>()[..] {
                [month, day, year] => format!("{year}-{month}-{day}"),
                _ => "9999".to_owned(),
            }
        };
        let held = |row: &Vec<String>| {
            day(&row[3]) >= day(&row[2]) && row[2].len() == 10 && !row[1].is_empty()
        };
        let dropped = seats
            .iter()
            .filter(|row| day(&row[3]) < day(&row[2]))
            .count() as u64;
        assert_eq!(dropped, told(&messy)[&(name, "dropped_class".to_owned())]);
        let held: BTreeSet<Vec<String>> = seats.into_iter().filter(held).collect();
        assert!(held == truth.into_iter().collect(), "{year}");
    }
}

/// Hours of each person and course.
fn hours(files: &Files, year: &str) -> BTreeMap<(String, String), f64> {
    let (_, catalog) = table(&files["pd/catalog.csv"]);
    let course: BTreeMap<&String, f64> = catalog
        .iter()
        .map(|row| (&row[0], row[7].parse().expect("hours")))
        .collect();
    let (header, rows) = table(&files[&format!("pd/transcript_{year}.csv")]);
    let mut taken: BTreeMap<(String, String), Vec<&Vec<String>>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let done = rows
        .iter()
        .filter(|row| ["Completed", "Attended"].contains(&row[3].as_str()));
    for row in done.filter(|row| seen.insert((*row).clone())) {
        let login = row[0].to_lowercase().replace("@schools.example", "");
        taken.entry((login, row[1].clone())).or_default().push(row);
    }
    let sum = |rows: &[&Vec<String>]| -> f64 {
        rows.iter()
            .map(|row| row[4].parse::<f64>().expect("hours"))
            .sum()
    };
    taken
        .into_iter()
        .map(|(key, rows)| {
            // A row without a number of a session tells the whole again.
            let sessions: Vec<_> = rows
                .iter()
                .copied()
                .filter(|row| header.len() == 5 || !row[5].is_empty())
                .collect();
            let hours = if sessions.iter().all(|row| row[4].is_empty()) {
                course[&key.1]
            } else if header.len() > 5 && sessions.iter().all(|row| row[6] == "CEU") {
                10.0 * sum(&sessions)
            } else {
                sum(&sessions)
            };
            (key, (hours * 100.0).round() / 100.0)
        })
        .collect()
}

#[test]
fn hours_of_training_are_the_same_however_they_are_told() {
    let (clean, messy) = both(Attendance::Exceptions);
    for year in YEARS {
        let (ours, theirs) = (hours(&clean, year), hours(&messy, year));
        assert!(ours.len() > 100);
        let nobody = |(login, _): &(String, String)| login == "nobody999";
        for (key, hours) in theirs.iter().filter(|(key, _)| !nobody(key)) {
            assert!((ours[key] - hours).abs() < 1e-9, "{year} {key:?}");
        }
        assert_eq!(ours.len(), theirs.keys().filter(|key| !nobody(key)).count());
    }
}

#[test]
fn use_of_tools_adds_up_to_the_same() {
    let (clean, messy) = both(Attendance::Exceptions);
    let minutes = |files: &Files, year: &str| {
        let mut minutes: BTreeMap<Vec<String>, (i64, i64)> = BTreeMap::new();
        for row in rows(&files[&format!("tools/usage_{year}.csv")]).into_keys() {
            let of = minutes.entry(row[..3].to_vec()).or_default();
            of.0 += row[3].parse::<i64>().expect("minutes");
            of.1 += row[4].parse::<i64>().expect("a number");
        }
        minutes
    };
    let theirs: Vec<_> = minutes(&messy, "2024-25").into_iter().collect();
    let theirs = theirs
        .into_iter()
        .filter(|(key, _)| key[1] != "0099991" && !key[1].is_empty());
    assert!(minutes(&clean, "2024-25") == theirs.collect());
}

#[test]
fn actions_lose_their_incident_and_none_of_their_days_that_count() {
    let (clean, messy) = both(Attendance::Exceptions);
    let mut alone = 0;
    for year in YEARS {
        let name = format!("sis/discipline_actions_{year}.csv");
        let (ours, theirs) = (rows(&clean[&name]), rows(&messy[&name]));
        // A student, an action, its day.
        let key = |row: &Vec<String>| row[1..4].to_vec();
        let known: BTreeSet<_> = ours.keys().map(key).collect();
        let log = |files: &Files| -> BTreeSet<Vec<String>> {
            let rows = rows(&files[&format!("sis/discipline_incidents_{year}.csv")]);
            rows.into_keys()
                .filter(|row| row[0] != "I0000000")
                .collect()
        };
        assert!(log(&clean) == log(&messy), "{year}");
        for row in theirs.keys().filter(|row| !known.contains(&key(row))) {
            assert_eq!(
                (row[0].as_str(), row[2].as_str(), row[4].as_str()),
                ("", "EXP", "180")
            );
        }
        let of_incident = |rows: &Rows| rows.keys().filter(|row| !row[0].is_empty()).count();
        let expelled = theirs
            .keys()
            .filter(|row| !known.contains(&key(row)))
            .count();
        alone += theirs.keys().filter(|row| row[0].is_empty()).count() - expelled;
        assert_eq!(theirs.len(), ours.len() + expelled);
        assert!(of_incident(&theirs) < of_incident(&ours) || ours.len() < 50);
    }
    assert!(alone > 5, "{alone}");
}
