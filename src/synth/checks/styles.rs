//! What a careful reader would look for in the exports: IDs, the two attendance styles, re-exports, crosswalks.

use std::collections::{BTreeMap, BTreeSet};

use super::{district, small, table};
use crate::{Attendance, Messes, Spec};

fn clean(attendance: Attendance) -> BTreeMap<String, Vec<u8>> {
    district(&Spec {
        attendance,
        messes: Messes::None,
        ..small()
    })
}

#[test]
fn student_and_school_numbers_keep_their_leading_zeros() {
    let files = clean(Attendance::Exceptions);
    let (_, rows) = table(&files["sis/students_2022-23.csv"]);
    assert_eq!(rows.len(), 600);
    assert!(
        rows.iter()
            .all(|row| row[0].len() == 7 && row[0].starts_with('0'))
    );
    let (_, rows) = table(&files["sis/schools.csv"]);
    assert!(
        rows.iter()
            .all(|row| row[0].len() == 4 && row[0].starts_with('0'))
    );
}

#[test]
fn daily_attendance_has_a_row_for_every_enrolled_instructional_day() {
    let (daily, exceptions) = (clean(Attendance::Daily), clean(Attendance::Exceptions));
    let mut open: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (_, calendar) = table(&daily["sis/calendar.csv"]);
    for day in calendar.iter().filter(|day| day[2] == "1") {
        open.entry(day[0].clone()).or_default().insert(iso(&day[1]));
    }
    for year in ["2022-23", "2023-24", "2024-25"] {
        let (_, spells) = table(&daily[&format!("sis/enrollment_{year}.csv")]);
        let mut expected = BTreeSet::new();
        for spell in &spells {
            let (entry, exit) = (iso(&spell[3]), iso(&spell[4]));
            let exit = if exit.is_empty() {
                "2025-06-30".to_owned()
            } else {
                exit
            };
            for day in open[&spell[1]].range(entry..=exit) {
                expected.insert((day.clone(), spell[0].clone(), spell[1].clone()));
            }
        }
        let name = format!("sis/attendance/attendance_{year}.csv");
        let (_, rows) = table(&daily[&name]);
        let found: BTreeSet<_> = rows
            .iter()
            .map(|row| (row[0].clone(), row[1].clone(), row[2].clone()))
            .collect();
        assert_eq!(found.len(), rows.len(), "{year}: no day twice");
        assert!(found == expected, "{year}");
        let absences: BTreeSet<Vec<String>> = rows
            .iter()
            .filter(|row| row[3] != "P")
            .map(|row| row[..4].to_vec())
            .collect();
        let (_, rows) = table(&exceptions[&name]);
        assert!(
            absences == rows.into_iter().collect(),
            "{year}: both styles say the same"
        );
    }
}

fn iso(us: &str) -> String {
    match us.split('/').collect::<Vec<_>>()[..] {
        [month, day, year] => format!("{year}-{month}-{day}"),
        _ => String::new(),
    }
}

#[test]
fn corrected_exports_come_later_by_name_and_change_rows_that_were_there() {
    let files = district(&Spec {
        students: 2_000,
        ..small()
    });
    let corrections: Vec<&String> = files
        .keys()
        .filter(|name| name.contains("corrected") || name.contains("rescored"))
        .collect();
    assert_eq!(corrections.len(), 3);
    for (stem, keys, value) in [
        ("sis/students_2023-24", &[0, 1][..], 7),
        ("sis/attendance/attendance_2023-24", &[0, 1][..], 3),
        ("assess/map_growth_2023-24_3_spring", &[0, 2, 3][..], 5),
    ] {
        let later = corrections
            .iter()
            .find(|name| name.starts_with(stem))
            .unwrap_or_else(|| panic!("{stem}"));
        assert!(**later > format!("{stem}.csv"));
        let index = |bytes: &[u8]| -> BTreeMap<Vec<String>, String> {
            let (_, rows) = table(bytes);
            rows.into_iter()
                .map(|row| {
                    (
                        keys.iter().map(|key| row[*key].clone()).collect(),
                        row[value].clone(),
                    )
                })
                .collect()
        };
        let (first, second) = (index(&files[&format!("{stem}.csv")]), index(&files[*later]));
        assert!(!second.is_empty(), "{stem}");
        let changed = second
            .iter()
            .filter(|(key, value)| first[*key] != **value)
            .count();
        assert!(
            changed * 10 >= second.len() * 8,
            "{stem}: {changed} of {}",
            second.len()
        );
    }
}

#[test]
fn vendor_ids_reach_the_district_by_crosswalk() {
    let files = clean(Attendance::Exceptions);
    let (_, crosswalk) = table(&files["assess/student_crosswalk.csv"]);
    let known: BTreeSet<&String> = crosswalk.iter().map(|row| &row[0]).collect();
    assert_eq!(known.len(), crosswalk.len());
    let (_, results) = table(&files["assess/map_growth_2024-25_3_spring.csv"]);
    let linked = results.iter().filter(|row| known.contains(&row[0])).count();
    assert!(linked < results.len(), "a few were never matched");
    assert!(linked * 100 > results.len() * 97);
    let (_, logins) = table(&files["hr/staff_crosswalk.csv"]);
    let known: BTreeSet<&String> = logins.iter().map(|row| &row[1]).collect();
    assert_eq!(known.len(), logins.len());
    let (_, sessions) = table(&files["pd/transcript_2024-25.csv"]);
    assert!(!sessions.is_empty() && sessions.iter().all(|row| known.contains(&row[0])));
}

#[test]
fn mess_of_encoding_is_there() {
    let files = district(&small());
    assert!(files["assess/state_2024-25.csv"].starts_with(b"\xEF\xBB\xBFSSID"));
    assert!(
        files["sis/students_2024-25.csv"]
            .windows(2)
            .any(|pair| pair == b"\r\n")
    );
    assert!(
        files["hr/staff_2024-25.csv"]
            .windows(2)
            .any(|pair| pair == b",\"")
    );
}
