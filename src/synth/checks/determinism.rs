//! The same spec gives the same bytes at any number of threads; another seed gives others.

use throughline_model::progress::Silent;

use super::{files, small};
use crate::{Attendance, Messes, Spec, write};

fn made(spec: &Spec, threads: usize) -> std::collections::BTreeMap<String, Vec<u8>> {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("a thread pool");
    let written = pool
        .install(|| write(spec, dir.path(), &Silent))
        .expect("a district");
    let files = files(dir.path()).expect("its files");
    assert_eq!(written.files.len(), files.len());
    for file in &written.files {
        let bytes = &files[&file.path];
        assert_eq!(file.bytes, bytes.len() as u64, "{}", file.path);
        if file.path.ends_with(".csv") {
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
            assert_eq!(file.rows + 1, lines, "{}", file.path);
        }
    }
    files
}

#[test]
fn threads_do_not_show() {
    let exceptions = (Attendance::Exceptions, Messes::Usual);
    for (attendance, messes) in [exceptions, (Attendance::Daily, Messes::Rows)] {
        let spec = Spec {
            attendance,
            messes,
            ..small()
        };
        let one = made(&spec, 1);
        assert!(one == made(&spec, 5), "{attendance:?}");
    }
}

#[test]
fn another_seed_is_another_district() {
    let one = made(&small(), 2);
    let other = made(&Spec { seed: 1, ..small() }, 2);
    assert_eq!(
        one.keys().collect::<Vec<_>>(),
        other.keys().collect::<Vec<_>>()
    );
    assert_ne!(
        one["sis/rosters_2024-25.csv"],
        other["sis/rosters_2024-25.csv"]
    );
}

#[test]
fn impossible_numbers_are_refused() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    for spec in [
        Spec {
            schools: 2,
            ..small()
        },
        Spec {
            students: 10,
            ..small()
        },
        Spec {
            years: 0,
            ..small()
        },
        Spec {
            last_year: 20_250,
            ..small()
        },
    ] {
        assert!(write(&spec, dir.path(), &Silent).is_err(), "{spec:?}");
    }
    assert_eq!(files(dir.path()).expect("the folder").len(), 0);
}
