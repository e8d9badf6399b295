//! Nights of a district: what is said about what came and moved, what the lake's history answers, and that nothing but the
//! files decides what is published.

use std::fs;

use crate::district::{District, same};
use crate::project::{GOOD, Outcome, Project};

const ATTENDANCE: &str = "exports/sis/attendance/attendance_2024-25.csv";
const SCORES: &str = "exports/assess/map_growth_2024-25_3_spring.csv";
const TRAINING: &str = "exports/pd/transcript_2023-24.csv";

/// An export as it was some days before: without its last rows.
fn earlier(whole: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    lines[..lines.len() * 9 / 10].concat()
}

/// A night on which exports are still to come: a check may say so.
fn unfinished(district: &District) -> Outcome {
    let said = district.ask(&["run", "pipelines/p.toml"])?;
    assert!([0, 1].contains(&said.code), "{said:?}");
    Ok(())
}

#[test]
fn any_order_of_nights_publishes_the_same() -> Outcome {
    let whole = District::new()?;
    let orders: [[&str; 3]; 2] = [
        [ATTENDANCE, SCORES, TRAINING],
        [TRAINING, ATTENDANCE, SCORES],
    ];
    let mut nights = Vec::new();
    for order in orders {
        let district = whole.copied()?;
        let mut later = Vec::new();
        for name in order {
            later.push((name, district.take(name)?));
        }
        unfinished(&district)?;
        for (number, (name, content)) in later.iter().enumerate() {
            // One of them comes half and is corrected the night after.
            if number == 1 {
                district.bring(name, &earlier(content))?;
                unfinished(&district)?;
            }
            district.bring(name, content)?;
            unfinished(&district)?;
        }
        nights.push(district);
    }
    whole.night(0)?;
    let (at_once, digest) = (whole.written()?, whole.current()?.1);
    for district in nights {
        assert_eq!(district.current()?.1, digest);
        same(&district.written()?, &at_once);
    }
    Ok(())
}

#[test]
fn a_run_says_what_moved_and_which_files_moved_it() -> Outcome {
    let district = District::new()?;
    let (scores, attendance) = (district.take(SCORES)?, fs::read(district.path(ATTENDANCE))?);
    let first = district.night(0)?;
    assert!(!first.stdout.contains("moved"), "{first:?}");
    district.bring(SCORES, &scores)?;
    let second = district.night(0)?;
    assert!(
        second.stderr.contains(&format!("new: {SCORES}")),
        "{second:?}"
    );
    assert!(
        second.stdout.contains("what moved since release"),
        "{second:?}"
    );
    assert!(
        second.stdout.contains(&format!("because of {SCORES} (new")),
        "{second:?}"
    );
    let moved = district.json(&["runs", "diff"])?["moved"].clone();
    let findings = moved["published"]["findings"]
        .as_array()
        .ok_or("no findings")?;
    assert!(!findings.is_empty());
    for finding in findings {
        assert_eq!(finding["files"][0], SCORES, "{finding}");
        let own = finding["id"]
            .as_str()
            .is_some_and(|id| id.contains("map_math"));
        let through = if own { "measures" } else { "study" };
        assert_eq!(finding["through"], through, "{finding}");
    }
    let by = findings[0]["by"].as_f64();
    let told = |end: &str| findings[0][end]["estimate"].as_f64();
    assert_eq!(by, told("now").zip(told("was")).map(|(now, was)| now - was));
    // The same file, corrected; then taken away, which is noticed once.
    district.bring(ATTENDANCE, &earlier(&attendance))?;
    let third = district.night(0)?;
    assert!(
        third.stderr.contains(&format!("changed: {ATTENDANCE}")),
        "{third:?}"
    );
    district.take(SCORES)?;
    let fourth = district.night(1)?;
    assert!(
        fourth
            .stderr
            .contains(&format!("{SCORES}: warning: is gone; its")),
        "{fourth:?}"
    );
    let fifth = district.night(0)?;
    assert!(fifth.stderr.contains("nothing changed"), "{fifth:?}");
    // The checks are counted, also by a run that only repeats what the last one found.
    let checks = |said: &str| -> Option<u64> {
        let line = said
            .lines()
            .find_map(|line| line.strip_prefix("checks: "))?;
        let (passed, rest) = line.split_once(" passed")?;
        rest.ends_with("; see quality.html")
            .then(|| passed.parse().ok())?
    };
    assert!(checks(&first.stdout) > Some(10), "{first:?}");
    assert_eq!(checks(&fifth.stdout), checks(&fourth.stdout), "{fifth:?}");
    assert!(!fifth.stdout.contains("moved"), "{fifth:?}");
    Ok(())
}

#[test]
fn a_death_after_the_commit_forgets_nothing_that_has_to_be_said() -> Outcome {
    let district = District::new()?;
    district.night(0)?;
    district.take(SCORES)?;
    // What a run leaves that dies between its release and its report.
    assert_eq!(district.ask(&["ingest", "pipelines/p.toml"])?.code, 1);
    let told = district.night(1)?;
    assert!(told.stderr.contains(SCORES), "{told:?}");
    assert!(
        told.stdout.contains(&format!("{SCORES} (gone,")),
        "{told:?}"
    );
    Ok(())
}

#[test]
fn history_is_listed_compared_gone_back_to_and_cleared() -> Outcome {
    let district = District::new()?;
    let scores = district.take(SCORES)?;
    district.night(0)?;
    let (first, digest) = district.current()?;
    district.bring(SCORES, &scores)?;
    district.night(0)?;
    let (second, newer) = district.current()?;
    let reports = district.written()?;
    let listed = district.json(&["runs"])?;
    assert_eq!(listed["current"], second.as_str());
    assert_eq!(listed["releases"][0]["id"], first.as_str());
    let shown = district.ask(&["runs", "show", &first])?;
    for part in [
        "plan       ",
        "assessment_result",
        "attendance_2024-25.csv",
        &digest,
    ] {
        assert!(shown.stdout.contains(part), "no `{part}` in {shown:?}");
    }
    // Back: another release with the older content; the next night takes the exports as they are.
    let back = district.ask(&["runs", "rollback", &first])?;
    assert_eq!(back.code, 0, "{back:?}");
    let (third, again) = district.current()?;
    assert!(third > second && again == digest);
    let rows = |district: &District| -> Result<String, Box<dyn std::error::Error>> {
        let sql = "SELECT count(*) AS n FROM assessment_result";
        Ok(district.ask(&["query", sql])?.stdout)
    };
    let of_back = rows(&district)?;
    district.night(0)?;
    assert_eq!(district.current()?.1, newer);
    assert_ne!(rows(&district)?, of_back);
    same(&district.written()?, &reports);
    // Clearing: a dry run takes nothing, and what stays is whole.
    let dry = district.json(&["runs", "prune", "--keep", "1", "--dry-run"])?;
    assert_eq!(dry["releases"].as_array().map(Vec::len), Some(3), "{dry}");
    assert_eq!(
        district.json(&["runs"])?["releases"]
            .as_array()
            .map(Vec::len),
        Some(4)
    );
    let done = district.json(&["runs", "prune", "--keep", "1"])?;
    assert_eq!(done["parts"], dry["parts"]);
    let left = district.json(&["runs"])?;
    assert_eq!(left["releases"].as_array().map(Vec::len), Some(1));
    same(&district.written()?, &reports);
    let unchanged = district.night(0)?;
    assert!(
        unchanged.stderr.contains("nothing changed"),
        "{unchanged:?}"
    );
    assert_eq!(district.ask(&["runs", "show", &first])?.code, 2);
    assert_eq!(district.ask(&["runs", "prune"])?.code, 2);
    Ok(())
}

#[test]
fn pruning_removes_parts_that_only_old_releases_had() -> Outcome {
    let project = Project::with_release()?;
    project.write("exports/day1.csv", format!("{GOOD}0004,2024-09-05,10,A\n"))?;
    assert_eq!(project.ingest()?.code, 0);
    let parts = || -> Result<usize, Box<dyn std::error::Error>> {
        let entries = fs::read_dir(project.path("lake/attendance_event"))?;
        Ok(entries.flatten().filter(|e| e.path().is_file()).count())
    };
    assert_eq!(parts()?, 2);
    project.write("lake/attendance_event/dead.partial", "half")?;
    // Nothing is old enough.
    let said = project.run(&["runs", "prune", "--older-than", "1", "--json"])?;
    let json: serde_json::Value = serde_json::from_str(&said.stdout)?;
    assert_eq!(
        json["releases"].as_array().map(Vec::len),
        Some(0),
        "{said:?}"
    );
    assert_eq!(parts()?, 2, "what a dead run left is gone");
    assert_eq!(project.run(&["runs", "prune", "--keep=1"])?.code, 0);
    assert_eq!(parts()?, 1);
    assert_eq!(project.events()?, 4);
    Ok(())
}

/// Each file that a lake is made of, damaged in one way on every change of the program; all of them take minutes.
#[test]
fn damage_is_mended_or_said() -> Outcome {
    damaged(&[("garbage", true)])
}

#[test]
#[ignore = "minutes: every file damaged in every way"]
fn every_damage_is_mended_or_said() -> Outcome {
    damaged(&[("cut", false), ("empty", true), ("garbage", false)])
}

/// An error that says so or a run that mends it, and then the same reports. Where an export is touched as well, a release has
/// to be committed.
fn damaged(ways: &[(&str, bool)]) -> Outcome {
    let district = District::new()?;
    district.night(0)?;
    let whole = district.written()?;
    let (release, _) = district.current()?;
    let lake = ".throughline/lake/sample";
    let part = whole
        .keys()
        .find(|name| name.starts_with("lake/attendance_event"))
        .and_then(|name| name.strip_prefix("lake").ok())
        .ok_or("no part")?;
    let log = "attendance_event/_delta_log/00000000000000000000.json";
    let attendance = fs::read(district.path(ATTENDANCE))?;
    for name in [
        "_ingest/state.json".to_owned(),
        "_releases/CURRENT".to_owned(),
        format!("_releases/{release}.json"),
        "_runs/p.json".to_owned(),
        format!("_runs/p/{release}.json"),
        "_holder.json".to_owned(),
        log.to_owned(),
        part.display().to_string(),
    ] {
        for &(damage, touched) in ways {
            let copy = district.copied()?;
            let path = copy.path(lake).join(&name);
            let sound = fs::read(&path).unwrap_or_else(|_| b"{\"process\": 1}".to_vec());
            let mut bad = sound.clone();
            match damage {
                "cut" => bad.truncate(sound.len() / 2),
                "empty" => bad.clear(),
                _ => bad
                    .iter_mut()
                    .skip(sound.len() / 3)
                    .for_each(|byte| *byte ^= 0x5a),
            }
            fs::write(&path, bad)?;
            if touched {
                copy.bring(ATTENDANCE, &earlier(&attendance))?;
            }
            let said = copy.ask(&["run", "pipelines/p.toml"])?;
            assert!(
                [0, 5].contains(&said.code) && !said.stderr.contains("bug in Throughline"),
                "{name} {damage}: {said:?}"
            );
            copy.bring(ATTENDANCE, &attendance)?;
            let said = copy.ask(&["run", "pipelines/p.toml"])?;
            assert_eq!(said.code, 0, "{name} {damage}: {said:?}");
            same(&copy.written()?, &whole);
        }
    }
    Ok(())
}

#[test]
fn a_query_over_a_damaged_part_is_no_bug() -> Outcome {
    let project = Project::with_release()?;
    let part = fs::read_dir(project.path("lake/attendance_event"))?
        .flatten()
        .find(|entry| entry.path().extension().is_some_and(|e| e == "parquet"))
        .ok_or("no part")?;
    fs::write(part.path(), "no Parquet")?;
    let said = project.run(&["query", "SELECT * FROM attendance_event"])?;
    assert_eq!(said.code, 5, "{said:?}");
    assert_eq!(project.ingest()?.code, 0);
    assert_eq!(project.events()?, 3);
    Ok(())
}

#[test]
fn too_little_memory_is_said_and_changes_nothing() -> Outcome {
    let district = District::new()?;
    let scores = district.take(SCORES)?;
    district.night(0)?;
    district.bring(SCORES, &scores)?;
    let reports = fs::read(district.path("reports/findings.csv"))?;
    let said = district.ask(&["run", "pipelines/p.toml", "--memory", "1KiB"])?;
    assert_eq!(said.code, 5, "{said:?}");
    assert!(said.stderr.contains("memory"), "{said:?}");
    assert_eq!(fs::read(district.path("reports/findings.csv"))?, reports);
    district.night(0)?;
    let whole = District::new()?;
    whole.night(0)?;
    same(&district.written()?, &whole.written()?);
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_stops_the_run_and_the_release_stands() -> Outcome {
    let project = Project::with_release()?;
    let link = project.path("exports/day2.csv");
    std::os::unix::fs::symlink(&link, &link)?;
    let said = project.ingest()?;
    assert_eq!(said.code, 5, "{said:?}");
    assert!(said.stderr.contains("exports/day2.csv"), "{said:?}");
    assert_eq!(project.events()?, 3);
    Ok(())
}

#[test]
fn whoever_has_to_wait_is_told_for_whom_and_the_dead_are_named() -> Outcome {
    let project = Project::with_release()?;
    let lock = fs::File::options()
        .write(true)
        .open(project.path("lake/_lock"))?;
    lock.lock()?;
    project.write(
        "lake/_holder.json",
        r#"{"process":4242,"host":"night-server","since":"2026-03-01 02:15:00Z","beat":7}"#,
    )?;
    let said = project.ingest()?;
    assert_eq!(said.code, 75, "{said:?}");
    assert!(
        said.stderr
            .contains("process 4242 on `night-server`, since 2026-03-01"),
        "{said:?}"
    );
    drop(lock);
    // Nobody holds the lock, and the holder does not move: it is dead, on whatever host and by whatever clock.
    let said = project.ingest()?;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.stderr
            .contains("ended without finishing (process 4242"),
        "{said:?}"
    );
    assert!(!project.path("lake/_holder.json").exists());
    Ok(())
}
