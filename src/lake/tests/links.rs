//! Who taught whom: co-teachers, movers, late hires, vacancies and self-contained classes; and the rates at which links are found.

use super::district::{measured, near, panel, row, teacher};

#[test]
fn the_teacher_is_the_one_with_the_most_days() {
    for (subject, student, year, wanted, linked) in [
        (Some("math"), "s1", 2024, Some("t1"), 1.0),
        (Some("math"), "s2", 2024, Some("t3"), 1.0),
        (Some("math"), "s3", 2024, Some("t3"), 0.5),
        (Some("math"), "s4", 2024, Some("t4"), 1.0),
        (Some("math"), "s1", 2025, Some("t2"), 1.0),
        (Some("math"), "s2", 2025, None, 0.0),
        (None, "s3", 2024, Some("t3"), 0.25),
        (None, "s4", 2024, Some("t4"), 1.0),
    ] {
        let panel = panel(subject);
        let row = row(panel, student, year);
        assert_eq!(teacher(panel, row), wanted, "{subject:?} {student} {year}");
        assert!(
            near(panel.linked[row], linked),
            "{subject:?} {student} {year}: {}",
            panel.linked[row]
        );
    }
}

#[test]
fn every_hop_says_how_many_rows_found_their_partner() {
    let found: Vec<(&str, u64, u64)> = measured()
        .links
        .iter()
        .map(|rate| (rate.hop.as_str(), rate.linked, rate.total))
        .collect();
    let wanted = [
        ("attendance day → student", 29, 29),
        ("discipline incident → student", 3, 3),
        ("assessment result → student", 9, 11),
        ("course mark → student", 4, 4),
        ("class enrollment → class", 7, 8),
        ("student year → class", 5, 7),
        ("class day → teacher", 50, 68),
        ("class assignment → staff", 7, 7),
        ("training record → staff", 5, 5),
        ("training record → catalog", 6, 6),
        ("badge → staff", 4, 4),
        ("tool use → student", 5, 5),
    ];
    assert_eq!(found, wanted);
}
