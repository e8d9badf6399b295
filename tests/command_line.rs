//! Exit codes, streams and the small verbs.

use crate::project::{GOOD, Outcome, Project, program, said};

#[test]
fn a_wrong_pipeline_reports_everything_and_writes_nothing() -> Outcome {
    let project = Project::new()?;
    let broken = std::fs::read_to_string(project.path("pipelines/p.toml"))?
        .replace("first_year = 2024", "frist_year = 2024")
        .replace(
            "mapping = \"scratch_attendance\"",
            "mapping = \"scratch_attendence\"",
        );
    project.write("pipelines/p.toml", broken)?;
    let said = project.run(&["run", "pipelines/p.toml"])?;
    assert_eq!(said.code, 2, "{said:?}");
    assert!(
        said.stderr
            .contains("p.toml:5:1: error: unknown key `frist_year`"),
        "{}",
        said.stderr
    );
    assert!(
        said.stderr
            .contains("no mapping is named `scratch_attendence`"),
        "{}",
        said.stderr
    );
    assert!(said.stdout.is_empty());
    assert!(!project.path("lake").exists() && !project.path("secret").exists());
    Ok(())
}

#[test]
fn check_reads_everything_and_writes_nothing() -> Outcome {
    let project = Project::new()?;
    project.write("exports/day1.csv", GOOD)?;
    let said = project.run(&["check", "pipelines/p.toml"])?;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains("exports/day1.csv"), "{said:?}");
    assert!(!project.path("lake").exists() && !project.path("secret").exists());
    Ok(())
}

#[test]
fn rows_are_accounted_for_in_json() -> Outcome {
    let project = Project::new()?;
    project.write("exports/day1.csv", GOOD)?;
    let said = project.run(&["ingest", "pipelines/p.toml", "--json", "--quiet"])?;
    assert_eq!(said.code, 0, "{said:?}");
    let json: serde_json::Value = serde_json::from_str(&said.stdout)?;
    let file = &json["files"][0];
    assert_eq!(
        (file["read"].as_u64(), file["kept"].as_u64()),
        (Some(3), Some(3))
    );
    Ok(())
}

#[test]
fn an_older_release_stays_readable() -> Outcome {
    let project = Project::with_release()?;
    let said = project.run(&["runs", "--json"])?;
    let json: serde_json::Value = serde_json::from_str(&said.stdout)?;
    let first = json["current"]
        .as_str()
        .ok_or("no current release")?
        .to_owned();
    project.write("exports/day2.csv", GOOD.replace("2024-09", "2024-10"))?;
    assert_eq!(project.ingest()?.code, 0);
    assert_eq!(project.events()?, 6);
    let said = project.run(&[
        "query",
        "SELECT count(*) AS n FROM attendance_event",
        "--as-of",
        &first,
    ])?;
    assert!(said.stdout.contains("| 3 "), "{said:?}");
    let said = project.run(&["query", "SELECT 1", "--as-of", "nonsense"])?;
    assert_eq!(said.code, 2, "{said:?}");
    Ok(())
}

#[test]
fn an_unchanged_night_makes_no_new_release() -> Outcome {
    let project = Project::with_release()?;
    let before = project.run(&["runs"])?.stdout;
    assert_eq!(project.ingest()?.code, 0);
    assert_eq!(project.run(&["runs"])?.stdout, before);
    Ok(())
}

#[test]
fn query_only_reads() -> Outcome {
    let project = Project::with_release()?;
    for sql in [
        "DROP TABLE attendance_event",
        "CREATE TABLE x AS SELECT 1",
        "COPY attendance_event TO 'out.csv'",
        "SELECT nonsense FROM attendance_event",
    ] {
        let said = project.run(&["query", sql])?;
        assert_eq!(said.code, 2, "{sql}: {said:?}");
    }
    assert_eq!(project.events()?, 3);
    Ok(())
}

#[test]
fn no_id_reaches_the_lake_in_clear() -> Outcome {
    let project = Project::new()?;
    project.write(
        "exports/day1.csv",
        "Student,Date,School,Code\nPLAINSTUDENT,2024-09-03,10,A\n",
    )?;
    assert_eq!(project.ingest()?.code, 0);
    let mut folders = vec![project.path("lake")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path)?;
                assert!(
                    !bytes.windows(12).any(|window| window == b"PLAINSTUDENT"),
                    "{}",
                    path.display()
                );
            }
        }
    }
    assert_eq!(
        project
            .number("SELECT count(*) AS n FROM attendance_event WHERE length(student_id) = 12")?,
        1
    );
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_key_is_private_and_never_replaced() -> Outcome {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::new()?;
    let said = project.run(&["key", "init"])?;
    assert_eq!(said.code, 0, "{said:?}");
    let key = project.path("secret/pseudonym.key");
    assert_eq!(std::fs::metadata(&key)?.permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&key)?;
    assert_ne!(project.run(&["key", "init"])?.code, 0);
    assert_eq!(std::fs::read(&key)?, before);
    Ok(())
}

#[test]
fn a_held_lock_exits_75() -> Outcome {
    let project = Project::with_release()?;
    let lock = std::fs::File::options()
        .read(true)
        .write(true)
        .open(project.path("lake/_lock"))?;
    lock.lock()?;
    let said = project.ingest()?;
    assert_eq!(said.code, 75, "{said:?}");
    drop(lock);
    assert_eq!(project.ingest()?.code, 0);
    Ok(())
}

#[test]
fn usage_errors_exit_2_and_completions_are_printed() -> Outcome {
    assert_eq!(said(program().arg("rnu"))?.code, 2);
    let script = said(program().args(["completions", "bash"]))?;
    assert_eq!(script.code, 0);
    assert!(script.stdout.contains("throughline"));
    Ok(())
}

#[test]
fn the_starter_is_in_order_and_is_never_written_over_something() -> Outcome {
    let folder = tempfile::tempdir()?;
    let in_folder = |arguments: &[&str]| said(program().args(arguments).current_dir(folder.path()));
    assert_eq!(in_folder(&["init", "mine"])?.code, 0);
    let checked = in_folder(&["check", "mine/pipelines/district.toml"])?;
    assert_eq!(checked.code, 0, "{checked:?}");
    assert_eq!(in_folder(&["init", "mine"])?.code, 2);
    Ok(())
}
