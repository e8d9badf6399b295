//! Releases: all tables at once or not at all, older ones still readable, one writer at a time.

use std::fs;
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
    assert!(matches!(two.lock(), Err(LakeError::Locked { .. })));
    drop(lock);
    two.lock().expect("the lock is free again");
}

/// The current release as if it had been made when a clock was wrong.
fn in_the_future(folder: &Path, release: &Release) -> Release {
    let future = Release {
        id: "20990101T000000Z-00000000".to_owned(),
        ..release.clone()
    };
    crate::release::write(folder, &future).expect("written");
    crate::release::swap(folder, &future.id).expect("swapped");
    future
}

#[test]
fn a_clock_that_went_back_makes_no_release_older() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    let first = commit(&lake, &[school(folder.path(), "a")]).expect("a release");
    let future = in_the_future(folder.path(), &first);
    let next = commit(&lake, &[school(folder.path(), "b")]).expect("a release");
    assert!(next.id > future.id, "{} {}", next.id, future.id);
    assert_eq!(lake.current().expect("current"), next);
    assert_eq!(lake.ids().expect("ids").len(), 3);
}

#[test]
fn going_back_is_a_release_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    let first = commit(&lake, &[school(folder.path(), "a")]).expect("a release");
    let second = commit(&lake, &[school(folder.path(), "b")]).expect("a release");
    let lock = lake.lock().expect("the lock");
    let back = lake.rollback(&lock, &first.id).expect("a release");
    assert!(back.id > second.id);
    assert_eq!(back.back_to.as_deref(), Some(first.id.as_str()));
    assert_eq!((&back.digest, &back.parts), (&first.digest, &first.parts));
    assert!(schools(&lake, &lake.current().expect("current")).contains("| a "));
    assert!(schools(&lake, &lake.release(&second.id).expect("kept")).contains("| b "));
    assert!(matches!(
        lake.rollback(&lock, "1999"),
        Err(LakeError::UnknownRelease(_))
    ));
    fs::remove_file(folder.path().join(&second.parts[0].path)).expect("gone");
    lake.rollback(&lock, &second.id)
        .expect_err("a part of it is gone");
    assert_eq!(lake.current().expect("current"), back);
}

#[test]
fn pruning_takes_what_nothing_needs() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    let [a, b, c, dead] = ["a", "b", "c", "d"].map(|id| school(folder.path(), id));
    let first = commit(&lake, &[a.clone(), b.clone()]).expect("a release");
    let second = commit(&lake, &[b.clone(), c.clone()]).expect("a release");
    let lock = lake.lock().expect("the lock");
    let all = [first.id.clone(), second.id.clone()];
    let dry = lake.prune(&lock, &all, true).expect("told");
    assert_eq!(dry.releases, all[..1], "the current one stays");
    assert_eq!(dry.parts, [a.path.clone(), dead.path.clone()]);
    assert_eq!(dry.bytes, a.bytes + dead.bytes);
    assert_eq!(lake.ids().expect("ids").len(), 2);
    assert_eq!(lake.prune(&lock, &all, false).expect("done"), dry);
    assert_eq!(lake.ids().expect("ids"), all[1..]);
    let is_there = |part: &Part| folder.path().join(&part.path).exists();
    assert!(!is_there(&a) && is_there(&b) && is_there(&c) && !is_there(&dead));
    assert!(schools(&lake, &second).contains("| c "));
}

#[test]
fn pruning_leaves_what_the_delta_tables_of_a_dead_run_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    let [a, b] = ["a", "b"].map(|id| school(folder.path(), id));
    commit(&lake, std::slice::from_ref(&a)).expect("a release");
    let missing = Part {
        path: "student/missing.parquet".into(),
        table: "student".to_owned(),
        ..b.clone()
    };
    commit(&lake, &[a, b, missing]).expect_err("a part is missing");
    let lock = lake.lock().expect("the lock");
    let pruned = lake.prune(&lock, &[], false).expect("done");
    assert!(pruned.parts.is_empty(), "{pruned:?}");
}

#[test]
fn a_damaged_release_is_said_and_the_next_one_replaces_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    let a = [school(folder.path(), "a")];
    let first = commit(&lake, &a).expect("a release");
    let swapped = |sound: &str| sound.replace("\"rows\": 1", "\"rows\": 2");
    let cut = |sound: &str| sound[..90].to_owned();
    let emptied = |_: &str| String::new();
    let ways: [&dyn Fn(&str) -> String; 3] = [&swapped, &cut, &emptied];
    for damaged in ways {
        let current = lake.current().expect("current");
        let file = folder.path().join(format!("_releases/{}.json", current.id));
        let sound = fs::read_to_string(&file).expect("a release");
        let bad = damaged(&sound);
        assert_ne!(bad, sound);
        fs::write(&file, bad).expect("written");
        assert!(matches!(lake.current(), Err(LakeError::BadRelease { .. })));
        let next = commit(&lake, &a).expect("a release");
        assert!(next.id > first.id);
        assert_eq!(next.digest, first.digest);
        fs::write(&file, &sound).expect("written");
    }
    let current = folder.path().join("_releases/CURRENT");
    for bad in ["", "../../etc/passwd", "20250101T000000Z-00000000", "\u{0}"] {
        fs::write(&current, bad).expect("written");
        assert!(
            matches!(lake.current(), Err(LakeError::BadRelease { .. })),
            "{bad}"
        );
        let next = commit(&lake, &a).expect("a release");
        assert_eq!(lake.current().expect("current"), next);
    }
}

#[test]
fn a_damaged_log_is_begun_anew() {
    for bad in [
        "",
        "{\"commitInfo\":",
        "\u{0}\u{0}",
        "[]",
        "{\"add\":{\"path\":7}}",
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let lake = lake(folder.path());
        let first = commit(&lake, &[school(folder.path(), "a")]).expect("a release");
        let log = folder.path().join("school/_delta_log");
        fs::write(log.join("00000000000000000000.json"), bad).expect("written");
        let second = commit(&lake, &[school(folder.path(), "b")]);
        let second = second.unwrap_or_else(|error| panic!("`{bad}`: {error}"));
        assert_eq!(lake.current().expect("current"), second);
        assert!(
            folder.path().join("school/_delta_log.damaged-1").is_dir(),
            "`{bad}`"
        );
        assert!(
            schools(&lake, &first).contains("| a "),
            "parts are not in the log"
        );
        let text = fs::read_to_string(log.join("00000000000000000000.json")).expect("a log");
        assert!(text.contains("b.parquet"), "{text}");
    }
}
