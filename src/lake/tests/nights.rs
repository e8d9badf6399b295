//! Nights after the first: only what changed is measured, and what comes of it is what measuring everything gives.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use throughline_model::Part;
use throughline_model::progress::{Progress, Silent};

use super::district::{everything, parts};
use super::key::bits;
use super::scratch::named_part;
use crate::{Lake, LakeOptions, Measured, Release, ReleaseInfo};

fn lake(folder: &Path) -> Lake {
    let options = LakeOptions {
        threads: 2,
        memory: None,
    };
    Lake::open(folder, options).expect("a lake")
}

fn commit(lake: &Lake, parts: &[Part]) -> Release {
    let lock = lake.lock().expect("the lock");
    lake.commit(&lock, parts, ReleaseInfo::default())
        .expect("a release")
}

fn measure(lake: &Lake, release: &Release) -> Measured {
    lake.measure(release, &everything(), &Silent)
        .expect("measured")
}

/// Whether two nights measured the same, bit by bit; missing numbers are no numbers, and equal nothing by themselves.
fn same(one: &Measured, other: &Measured) -> bool {
    let all = |measured: &Measured| measured.panels.iter().map(bits).collect::<Vec<_>>();
    all(one) == all(other) && one.links == other.links && one.sql == other.sql
}

/// Every file that is kept, with its content.
fn kept(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let folder = folder.join("_measured/tiny");
    let entries = fs::read_dir(&folder).expect("kept files");
    entries
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.clone(), fs::read(&path).expect("a file")))
        .collect()
}

/// Files that are in `after` and not in `before`, by the relation and year they are named after.
fn new(before: &BTreeMap<PathBuf, Vec<u8>>, after: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<String> {
    let name = |path: &PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy();
        name.rsplit_once('-')
            .map_or(name.to_string(), |(name, _)| name.to_owned())
    };
    after
        .keys()
        .filter(|path| !before.contains_key(*path))
        .map(name)
        .collect()
}

/// Attendance of the second school year, to its end.
const MORE: &str = "student_id,date,period,school_id,category
s2,2024-09-06,day,B,present
s2,2024-09-07,day,B,unexcused_absence
s3,2024-09-06,day,B,present
s3,2024-09-18,day,B,present
";
/// And as long as it is still running.
const BEGUN: &str = "student_id,date,period,school_id,category
s2,2024-09-06,day,B,present
s3,2024-09-06,day,B,present
";

#[test]
fn a_year_that_did_not_change_is_not_measured_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    let mut all = parts(folder.path(), str::to_owned);
    measure(&lake, &commit(&lake, &all));
    let before = kept(folder.path());
    assert!(before.len() > 20, "{} files", before.len());
    all.push(named_part(folder.path(), "attendance_event", "more", MORE));
    let release = commit(&lake, &all);
    let measured = measure(&lake, &release);
    let files = new(&before, &kept(folder.path()));
    assert!(
        files.contains(&"attendance_count-2025".to_owned()),
        "{files:?}"
    );
    assert!(files.contains(&"attendance_year-2025".to_owned()));
    let closed: Vec<&String> = files
        .iter()
        .filter(|file| file.ends_with("-2024"))
        .collect();
    assert!(closed.is_empty(), "{closed:?}");
    // Attendance has nothing to do with who taught whom.
    let staff: Vec<&String> = files.iter().filter(|file| file.contains("staff")).collect();
    assert!(staff.is_empty(), "{staff:?}");
    // What comes of it is what a lake without a past gives.
    fs::remove_dir_all(folder.path().join("_measured")).expect("removed");
    assert!(same(&measured, &measure(&lake, &release)));
}

#[test]
fn a_year_that_is_still_running_is_not_measured() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    let mut all = parts(folder.path(), str::to_owned);
    all.push(named_part(
        folder.path(),
        "attendance_event",
        "begun",
        BEGUN,
    ));
    let begun = measure(&lake, &commit(&lake, &all));
    let running = begun.running.clone().expect("a running year");
    assert_eq!(running.year, 2025);
    assert_eq!(running.reached.to_string(), "2024-09-06");
    assert_eq!(running.counts_from.to_string(), "2024-09-17");
    let years = |measured: &Measured| -> Vec<Option<i32>> {
        let panels = measured.panels.iter();
        panels
            .map(|p| p.school_year.iter().copied().max())
            .collect()
    };
    assert!(!begun.panels.is_empty());
    assert!(years(&begun).iter().all(|year| *year == Some(2024)));
    // Whatever the running year brings, nothing is measured again.
    let before = kept(folder.path());
    let later = BEGUN.replace("09-06", "09-07");
    all.push(named_part(
        folder.path(),
        "attendance_event",
        "later",
        &later,
    ));
    let release = commit(&lake, &all);
    let night = measure(&lake, &release);
    assert!(same(&begun, &night));
    assert_eq!(begun.digest, night.digest);
    assert!(new(&before, &kept(folder.path())).is_empty());
    // Whoever knows what follows from these measures needs no panel.
    let known = |digest: &str| digest == begun.digest;
    let told = lake
        .measure_unless(&release, &everything(), &known, &Silent)
        .expect("measured");
    assert!(told.panels.is_empty());
    assert_eq!((&told.links, &told.digest), (&begun.links, &begun.digest));
    // Nor do a mistyped date, and one in a year that nobody asks about, make it a year that is over.
    let mistyped: String = (0..90)
        .map(|day| format!("s{day},2024-09-0{},day,B,present\n", 5 + day % 3))
        .chain(["s2,2024-09-18,day,B,present\n".to_owned()])
        .collect();
    let mut typed = all.clone();
    for (name, text) in [
        ("typed", mistyped.as_str()),
        ("far", "s2,2031-09-18,day,B,present\n"),
    ] {
        let text = format!("student_id,date,period,school_id,category\n{text}");
        typed.push(named_part(folder.path(), "attendance_event", name, &text));
    }
    let typed = measure(&lake, &commit(&lake, &typed));
    let reached = typed.running.map(|running| running.reached.to_string());
    assert_eq!(reached.as_deref(), Some("2024-09-07"));
    // Once it has come far enough it counts; and where the pipeline says so, at once.
    let mut at_once = everything();
    at_once.calendar.counts_from = 0.0;
    let release = commit(&lake, &all);
    let counted = lake.measure(&release, &at_once, &Silent).expect("measured");
    assert_eq!(counted.running, None);
    assert!(years(&counted).iter().all(|year| *year == Some(2025)));
    all.push(named_part(folder.path(), "attendance_event", "more", MORE));
    let over = measure(&lake, &commit(&lake, &all));
    assert_eq!(over.running, None);
    assert_ne!(over.digest, begun.digest);
    assert!(years(&over).iter().all(|year| *year == Some(2025)));
}

#[test]
fn any_order_of_nights_gives_what_one_night_gives() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = parts(folder.path(), str::to_owned);
    let lake = lake(folder.path());
    // A fixed shuffle of the parts' arrival; every fifth night is measured.
    for start in [0, 11] {
        let order: Vec<usize> = (0..all.len())
            .map(|at| (start + 7 * at) % all.len())
            .collect();
        let mut here = vec![false; all.len()];
        for (night, part) in order.iter().enumerate() {
            here[*part] = true;
            if night % 5 == 0 || night + 1 == all.len() {
                let arrived: Vec<Part> = all
                    .iter()
                    .zip(&here)
                    .filter(|(_, here)| **here)
                    .map(|(part, _)| part.clone())
                    .collect();
                let release = commit(&lake, &arrived);
                let measured = measure(&lake, &release);
                if night + 1 == all.len() {
                    assert!(same(&measured, super::district::measured()));
                }
            }
        }
    }
}

#[test]
fn what_is_damaged_is_measured_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    let release = commit(&lake, &parts(folder.path(), str::to_owned));
    measure(&lake, &release);
    for (at, (path, content)) in kept(folder.path()).into_iter().enumerate() {
        // The index, too.
        match at % 3 {
            0 => fs::write(&path, &content[..content.len() / 2]).expect("cut"),
            1 => fs::write(&path, b"something else").expect("replaced"),
            _ => fs::remove_file(&path).expect("removed"),
        }
    }
    assert!(same(&measure(&lake, &release), super::district::measured()));
    let mended = kept(folder.path());
    assert!(same(&measure(&lake, &release), super::district::measured()));
    assert!(mended == kept(folder.path()));
}

#[test]
fn files_that_are_damaged_under_a_sound_index_are_measured_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    let release = commit(&lake, &parts(folder.path(), str::to_owned));
    measure(&lake, &release);
    let whole = kept(folder.path());
    for (path, content) in &whole {
        if path.extension().is_some_and(|kind| kind == "parquet") {
            let mut content = content.clone();
            let middle = content.len() / 2;
            content[middle] ^= 1;
            fs::write(path, content).expect("changed");
        }
    }
    assert!(same(&measure(&lake, &release), super::district::measured()));
}

#[test]
fn a_look_back_leaves_what_is_kept_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    let mut all = parts(folder.path(), str::to_owned);
    let old = commit(&lake, &all);
    all.push(named_part(folder.path(), "attendance_event", "more", MORE));
    let new = commit(&lake, &all);
    measure(&lake, &new);
    let index = folder.path().join("_measured/tiny/index.json");
    let before = fs::read(&index).expect("an index");
    assert!(same(&measure(&lake, &old), super::district::measured()));
    assert!(before == fs::read(&index).expect("an index"));
}

/// Whether a run gets as far as it says.
#[test]
fn progress_ends_where_it_said() {
    #[derive(Default)]
    struct Steps(std::sync::Mutex<(u64, u64)>);
    impl Progress for Steps {
        fn stage(&self, _: &str, total: Option<u64>) {
            self.0.lock().expect("not poisoned").0 = total.unwrap_or_default();
        }
        fn advance(&self, amount: u64) {
            self.0.lock().expect("not poisoned").1 += amount;
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path());
    let release = commit(&lake, &parts(folder.path(), str::to_owned));
    let steps = Steps::default();
    lake.measure(&release, &everything(), &steps)
        .expect("measured");
    let (said, done) = *steps.0.lock().expect("not poisoned");
    assert_eq!(said, done);
}
