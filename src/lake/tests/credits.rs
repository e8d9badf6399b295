//! Marks that are stored several times: by quarter, semester and year, at two schools, without a section, in summer. The shares
//! were worked out by hand.

use super::scratch::{measures, part};
use crate::{Lake, LakeOptions, ReleaseInfo};

const SECTIONS: &str = "section_id,school_year,school_id,course_code,subject
11,2024,A,ALG,math
12,2024,A,PE,physical_education
13,2024,A,PE,physical_education
21,2024,B,ALG,math
101,2024,A,,other
101,2024,B,,other
";

/// `credits_earned` of one student with these marks.
fn share(marks: &str) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = Lake::open(folder.path(), LakeOptions::default()).expect("a lake");
    let lock = lake.lock().expect("the lock");
    let header = "student_id,section_id,course_code,school_id,school_year,term,credits_attempted,credits_earned";
    let lines: String = marks
        .lines()
        .map(|line| format!("s1,{}\n", line.trim()))
        .collect();
    let parts = [
        part(folder.path(), "section", SECTIONS),
        part(folder.path(), "course_mark", &format!("{header}\n{lines}")),
    ];
    let release = lake
        .commit(&lock, &parts, ReleaseInfo::default())
        .expect("a release");
    let measures = measures();
    let measure = measures
        .iter()
        .find(|measure| measure.name == "credits_earned")
        .expect("the measure");
    let rows = lake
        .query(&release, &measures, &measure.sql)
        .expect("planned")
        .json()
        .expect("run");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&rows).expect("rows of JSON");
    let [row] = rows.as_slice() else {
        panic!("one student: {rows:?}");
    };
    row["value"].as_f64().expect("a number")
}

#[test]
fn a_course_counts_once_however_often_it_is_stored() {
    let cases: [(&str, f64, &str); 9] = [
        (
            // Year 1/0.5, and a semester class beside it 0.5/0.5.
            "a year holds its semesters and quarters",
            1.0 / 1.5,
            "11,,A,2024,Q1,0.25,0.25\n11,,A,2024,Q2,0.25,0.25\n11,,A,2024,S1,0.5,0.5\n11,,A,2024,S2,0.5,0\n\
             11,,A,2024,Y1,1,0.5\n12,,A,2024,S1,0.5,0.5",
        ),
        (
            "semesters add up and hold quarters",
            0.5 / 1.0,
            "11,,A,2024,S1,0.5,0.5\n11,,A,2024,S2,0.5,0\n11,,A,2024,Q4,0.25,0.25",
        ),
        (
            "a semester that is stored as the year as well",
            1.0,
            "12,,A,2024,S1,0.5,0.5\n12,,A,2024,Y1,0.5,0.5",
        ),
        (
            "a period without credits holds nothing",
            0.5,
            "11,,A,2024,Q1,0.5,0.5\n11,,A,2024,Q2,0.5,0\n11,,A,2024,S1,0,0\n11,,A,2024,Y1,,",
        ),
        (
            // Algebra 1/0.5, geometry from another district 1/1.
            "a row that the next school took over, and a course from outside",
            1.5 / 2.0,
            "11,,A,2024,S1,0.5,0.5\n11,,A,2024,S2,0.5,0\n,ALG,B,2024,S1,0.5,0.5\n,GEO,B,2024,Y1,1,1",
        ),
        (
            "summer stands apart",
            1.0 / 1.5,
            "11,,A,2024,S1,0.5,0\n11,,A,2024,S2,0.5,0.5\n,ALG,A,2024,SU1,0.5,0.5",
        ),
        (
            "a student who moved has one first semester",
            1.0,
            "11,,A,2024,S1,0.5,0.5\n21,,B,2024,S1,0.5,0",
        ),
        (
            "two classes of one course in one term are two",
            0.5,
            "12,,A,2024,S1,0.5,0.5\n13,,A,2024,S1,0.5,0",
        ),
        (
            "a number of two schools without a course is two classes",
            0.5,
            "101,,A,2024,S1,0.5,0.5\n101,,B,2024,S1,0.5,0",
        ),
    ];
    for (what, wanted, marks) in cases {
        let found = share(marks);
        assert!((found - wanted).abs() < 1e-12, "{what}: {found}");
        let mut turned: Vec<&str> = marks.lines().collect();
        turned.reverse();
        assert!(
            found.to_bits() == share(&turned.join("\n")).to_bits(),
            "{what}, turned round"
        );
    }
}
