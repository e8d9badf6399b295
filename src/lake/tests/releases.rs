//! Releases: all tables at once or not at all, older ones still readable, one writer at a time.

use std::path::Path;

use throughline_model::{Part, tables};

use super::scratch::{measures, named_part, part};
use crate::{Lake, LakeError, LakeOptions, Release, ReleaseInfo};

fn lake(folder: &Path) -> Lake {
    Lake::open(
        folder,
        LakeOptions {
            threads: 1,
            memory: None,
        },
    )
    .expect("a lake")
}

fn commit(lake: &Lake, parts: &[Part]) -> Result<Release, LakeError> {
    let lock = lake.lock()?;
    lake.commit(&lock, parts, ReleaseInfo::default())
}

fn schools(lake: &Lake, release: &Release) -> String {
    let sql = "SELECT school_id FROM school ORDER BY school_id";
    let query = lake.query(release, &measures(), sql).expect("planned");
    query.table(10).expect("run").text
}

fn school(folder: &Path, id: &str) -> Part {
    named_part(
        folder,
        "school",
        id,
        &format!("school_id,school_year\n{id},2024\n"),
    )
}

#[test]
fn every_canonical_table_is_a_delta_table_even_when_empty() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    assert!(matches!(lake.current(), Err(LakeError::NoRelease(_))));
    let release = commit(&lake, &[school(folder.path(), "a")]).expect("a release");
    assert_eq!(lake.current().expect("current"), release);
    for table in tables::TABLES {
        let log = folder
            .path()
            .join(table.name)
            .join("_delta_log/00000000000000000000.json");
        let text = std::fs::read_to_string(&log).expect("a log");
        assert!(
            text.contains(r#""minReaderVersion":1"#),
            "{}: {text}",
            table.name
        );
        assert_eq!(release.tables[table.name], 0);
        let query = lake.query(
            &release,
            &[],
            &format!("SELECT count(*) AS n FROM {}", table.name),
        );
        query.expect("planned").table(1).expect("run");
    }
    let log = folder
        .path()
        .join("school/_delta_log/00000000000000000000.json");
    let text = std::fs::read_to_string(log).expect("a log");
    assert!(text.contains(r#"\"numRecords\":1"#), "{text}");
    assert!(
        text.contains(r#"\"maxValues\":{\"school_year\":2024"#),
        "{text}"
    );
}

#[test]
fn the_same_parts_are_the_same_release() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    let parts = [school(folder.path(), "a")];
    let first = commit(&lake, &parts).expect("a release");
    assert_eq!(commit(&lake, &parts).expect("a release"), first);
    assert_eq!(lake.releases().expect("releases").len(), 1);
}

#[test]
fn an_older_release_still_reads_what_it_held() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    let (a, b) = (school(folder.path(), "a"), school(folder.path(), "b"));
    let first = commit(&lake, std::slice::from_ref(&a)).expect("a release");
    let second = commit(&lake, &[b]).expect("a release");
    assert!(second.id > first.id, "ids sort by time");
    assert_eq!(second.tables["school"], 1);
    assert_eq!(
        second.tables["student"], 0,
        "an unchanged table has no new version"
    );
    let ids: Vec<String> = lake
        .releases()
        .expect("releases")
        .into_iter()
        .map(|release| release.id)
        .collect();
    assert_eq!(ids, [first.id.clone(), second.id.clone()]);
    let as_of = lake.release(&first.id).expect("a release");
    assert!(schools(&lake, &as_of).contains("| a "));
    assert!(!schools(&lake, &as_of).contains("| b "));
    assert!(schools(&lake, &lake.current().expect("current")).contains("| b "));
    let shared = &first.id[..4];
    assert!(
        matches!(lake.release(shared), Err(LakeError::UnknownRelease(_))),
        "two begin with {shared}"
    );
    assert!(matches!(
        lake.release("1999"),
        Err(LakeError::UnknownRelease(_))
    ));
    let log = std::fs::read_to_string(
        folder
            .path()
            .join("school/_delta_log/00000000000000000001.json"),
    )
    .expect("a log");
    assert!(log.contains(r#""remove":{"path":"a.parquet""#), "{log}");
    assert!(
        folder.path().join(&a.path).exists(),
        "parts are never deleted"
    );
}

#[test]
fn a_run_that_dies_between_tables_leaves_the_release_before_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    let first = commit(&lake, &[school(folder.path(), "a")]).expect("a release");
    let b = school(folder.path(), "b");
    let student = part(
        folder.path(),
        "student",
        "student_id,school_year,grade_level\ns1,2024,4\n",
    );
    // `student` comes after `school`: the second commit dies when `school` already has a new version.
    let hidden = folder.path().join("hidden");
    std::fs::rename(folder.path().join(&student.path), &hidden).expect("moved");
    let parts = [b, student.clone()];
    commit(&lake, &parts).expect_err("a part is missing");
    assert_eq!(lake.current().expect("current"), first);
    assert!(schools(&lake, &first).contains("| a "));
    assert!(!schools(&lake, &first).contains("| b "));
    std::fs::rename(&hidden, folder.path().join(&student.path)).expect("moved back");
    let second = commit(&lake, &parts).expect("the rerun finishes");
    assert!(schools(&lake, &second).contains("| b "));
    assert_eq!(
        second.tables["school"], 1,
        "the version the dead run made is used"
    );
}

#[test]
fn going_back_after_a_dead_run_sets_the_delta_tables_back_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    let a = [school(folder.path(), "a")];
    let first = commit(&lake, &a).expect("a release");
    let b = school(folder.path(), "b");
    let missing = Part {
        path: "student/missing.parquet".into(),
        table: "student".to_owned(),
        ..b.clone()
    };
    commit(&lake, &[b, missing]).expect_err("a part is missing");
    let again = commit(&lake, &a).expect("a release");
    assert!(
        again.id > first.id,
        "the current release no longer matched its Delta tables"
    );
    assert_eq!(again.tables["school"], 2, "0 had a, 1 had b, 2 has a again");
    assert_eq!(commit(&lake, &a).expect("a release"), again);
}

#[test]
fn a_release_that_never_became_current_is_not_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    let first = commit(&lake, &[school(folder.path(), "a")]).expect("a release");
    let dead = Release {
        id: "99990101T000000Z-dead".to_owned(),
        ..first.clone()
    };
    crate::release::write(folder.path(), &dead).expect("written");
    assert_eq!(lake.current().expect("current"), first);
    assert_eq!(lake.releases().expect("releases"), [first]);
    assert!(matches!(
        lake.release("9999"),
        Err(LakeError::UnknownRelease(_))
    ));
}

#[test]
fn a_part_that_changed_since_it_was_written_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    let mut a = school(folder.path(), "a");
    a.bytes += 1;
    assert!(matches!(
        commit(&lake, &[a]),
        Err(LakeError::BadPart { .. })
    ));
    let mut foreign = school(folder.path(), "a");
    foreign.table = "horses".to_owned();
    assert!(matches!(
        commit(&lake, &[foreign]),
        Err(LakeError::BadPart { .. })
    ));
}

#[test]
fn only_one_run_holds_the_lock() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, two) = (lake(folder.path()), lake(folder.path()));
    let lock = one.lock().expect("the lock");
    assert!(matches!(two.lock(), Err(LakeError::Locked(_))));
    drop(lock);
    two.lock().expect("the lock is free again");
}
