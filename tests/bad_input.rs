//! What a district's nights really bring. Each is a clear error or counted rejects, the previous release stands, and
//! the exit code tells the scheduler what happened. No message may hold the content of a cell.

use crate::project::{GOOD, HEADER, Outcome, Project, Said};

/// A value that stands in bad files and must never come out.
const SECRET: &str = "Zebulon-4711";

/// The previous release is intact after `said`.
fn refused(project: &Project, said: &Said, code: i32, words: &str) -> Outcome {
    assert_eq!(said.code, code, "{said:?}");
    assert!(
        said.stderr.contains(words),
        "expected `{words}` in {said:?}"
    );
    assert!(
        !said.stderr.contains(SECRET) && !said.stdout.contains(SECRET),
        "{said:?}"
    );
    assert_eq!(project.events()?, 3, "the previous release must stand");
    Ok(())
}

#[test]
fn a_missing_file_is_refused() -> Outcome {
    let project = Project::with_release()?;
    std::fs::remove_file(project.path("exports/day1.csv"))?;
    refused(&project, &project.ingest()?, 3, "attendance")
}

#[test]
fn an_empty_file_is_refused() -> Outcome {
    let project = Project::with_release()?;
    project.write("exports/day2.csv", "")?;
    refused(&project, &project.ingest()?, 3, "day2.csv")
}

#[test]
fn a_header_without_rows_is_no_error() -> Outcome {
    let project = Project::with_release()?;
    project.write("exports/day2.csv", HEADER)?;
    let said = project.ingest()?;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(project.events()?, 3);
    Ok(())
}

#[test]
fn a_wrong_delimiter_is_named() -> Outcome {
    let project = Project::with_release()?;
    project.write("exports/day2.csv", GOOD.replace(',', ";"))?;
    refused(&project, &project.ingest()?, 3, ";")
}

#[test]
fn an_unknown_column_is_reported_and_read_past() -> Outcome {
    let project = Project::with_release()?;
    project.write(
        "exports/day2.csv",
        format!("Student,Date,School,Code,Nickname\n9,2024-09-05,10,A,{SECRET}\n"),
    )?;
    let said = project.ingest()?;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stderr.contains("Nickname"), "{said:?}");
    assert!(!said.stderr.contains(SECRET));
    assert_eq!(project.events()?, 4);
    Ok(())
}

#[test]
fn a_missing_required_column_is_refused() -> Outcome {
    let project = Project::with_release()?;
    project.write(
        "exports/day2.csv",
        format!("Student,Day,School,Code\n{SECRET},2024-09-05,10,A\n"),
    )?;
    refused(&project, &project.ingest()?, 3, "Date")
}

#[test]
fn a_malformed_date_is_a_counted_reject() -> Outcome {
    let project = Project::with_release()?;
    project.write(
        "exports/day2.csv",
        format!("{HEADER}7,2024-13-45,10,A\n8,2024-09-05,10,A\n9,2024-09-05,10,A\n"),
    )?;
    let said = project.ingest()?;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(project.events()?, 5);
    assert_eq!(project.number("SELECT count(*) AS n FROM reject WHERE line = 2 AND rule = 'bad-date' AND shape = '9999-99-99'")?, 1);
    Ok(())
}

#[test]
fn too_many_rejects_refuse_the_run() -> Outcome {
    let project = Project::with_release()?;
    project.write(
        "exports/day2.csv",
        format!("{HEADER}{SECRET},yesterday,10,A\n8,{SECRET},10,A\n9,2024-09-05,10,{SECRET}\n"),
    )?;
    refused(&project, &project.ingest()?, 3, "day2.csv:2")
}

#[test]
fn a_repeated_key_is_counted_once() -> Outcome {
    let project = Project::with_release()?;
    project.write(
        "exports/day2.csv",
        format!("{HEADER}7,2024-09-05,10,A\n7,2024-09-05,10,U\n"),
    )?;
    let said = project.ingest()?;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(project.events()?, 4);
    let kept = "SELECT count(*) AS n FROM attendance_event WHERE category = 'unexcused_absence' AND date = DATE '2024-09-05'";
    assert_eq!(
        project.number(kept)?,
        1,
        "the later row corrects the earlier"
    );
    Ok(())
}

#[test]
fn a_corrected_export_supersedes_by_key() -> Outcome {
    let project = Project::with_release()?;
    project.write(
        "exports/day1_corrected.csv",
        format!("{HEADER}0002,2024-09-03,10,A\n"),
    )?;
    let said = project.ingest()?;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(project.events()?, 3, "corrected, not added");
    assert_eq!(
        project.number(
            "SELECT count(*) AS n FROM attendance_event WHERE category = 'unexcused_absence'"
        )?,
        0
    );
    Ok(())
}

#[test]
fn nul_bytes_and_broken_utf8_are_rejected_rows() -> Outcome {
    let project = Project::with_release()?;
    let mut bytes = HEADER.as_bytes().to_vec();
    bytes.extend_from_slice(b"7,2024-09-05,10,A\n8,2024-09-05,1\x000,A\n9,2024-09-05,10,A\n10,2024-09-05,\x81\x9d,A\n11,2024-09-05,10,A\n12,2024-09-05,10,A\n");
    project.write("exports/day2.csv", bytes)?;
    let said = project.ingest()?;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(project.events()?, 7);
    assert_eq!(
        project.number("SELECT count(DISTINCT line) AS n FROM reject WHERE line IN (3, 5)")?,
        2
    );
    Ok(())
}

#[test]
fn another_encoding_is_read_and_reported() -> Outcome {
    let project = Project::with_release()?;
    let text = format!("{HEADER}7,2024-09-05,10,A\n{SECRET},2024-09-06,10,A\n");
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    project.write("exports/day2.csv", bytes)?;
    let said = project.ingest()?;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.stderr.contains("day2.csv") && said.stderr.contains("UTF-16"),
        "{said:?}"
    );
    assert!(!said.stderr.contains(SECRET), "{said:?}");
    assert_eq!(project.events()?, 5);
    Ok(())
}

#[test]
fn a_damaged_archive_is_refused() -> Outcome {
    let project = Project::with_release()?;
    project.write("exports/day2.csv", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x4c")?;
    refused(&project, &project.ingest()?, 3, "the gzip data is cut off")
}

#[test]
fn a_truncated_last_line_is_a_reject() -> Outcome {
    let project = Project::with_release()?;
    project.write(
        "exports/day2.csv",
        format!("{HEADER}7,2024-09-05,10,A\n8,2024-09-05,10,A\n9,2024-0"),
    )?;
    let said = project.ingest()?;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(project.events()?, 5);
    assert_eq!(
        project.number("SELECT count(DISTINCT line) AS n FROM reject WHERE line = 4")?,
        1
    );
    Ok(())
}

#[test]
fn a_ten_megabyte_line_is_a_reject() -> Outcome {
    let project = Project::with_release()?;
    let long = "x".repeat(10 << 20);
    project.write(
        "exports/day2.csv",
        format!("{HEADER}7,2024-09-05,10,A\n8,2024-09-05,{long},A\n9,2024-09-05,10,A\n"),
    )?;
    let said = project.ingest()?;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stderr.len() < 10_000, "the line must not be printed");
    assert_eq!(project.events()?, 5);
    Ok(())
}

#[test]
fn a_folder_that_cannot_be_listed_is_a_clear_error() -> Outcome {
    let project = Project::with_release()?;
    std::fs::remove_dir_all(project.path("exports"))?;
    project.write("exports", "not a folder")?;
    let said = project.ingest()?;
    assert!(said.code == 3 || said.code == 5, "{said:?}");
    assert!(said.stderr.contains("exports"), "{said:?}");
    assert_eq!(project.events()?, 3);
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_project_is_refused() -> Outcome {
    let project = Project::with_release()?;
    let outside = tempfile::tempdir()?;
    std::fs::write(outside.path().join("other.csv"), GOOD)?;
    std::os::unix::fs::symlink(
        outside.path().join("other.csv"),
        project.path("exports/day2.csv"),
    )?;
    refused(&project, &project.ingest()?, 2, "day2.csv")
}

/// A file-size limit of 4 KiB stands in for a full disk: both make a write fail half-way.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_previous_release() -> Outcome {
    let project = Project::with_release()?;
    let rows: String = (0..20_000)
        .map(|i| format!("{i},2024-09-{:02},10,A\n", 1 + i % 28))
        .collect();
    project.write("exports/day2.csv", format!("{HEADER}{rows}"))?;
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" ingest pipelines/p.toml";
    let mut command = std::process::Command::new("bash");
    command
        .args(["-c", script, env!("CARGO_BIN_EXE_throughline")])
        .current_dir(project.path("."));
    refused(
        &project,
        &crate::project::said(&mut command)?,
        5,
        "failed to",
    )?;
    let said = project.ingest()?;
    assert_eq!(said.code, 0, "the rerun must finish: {said:?}");
    assert_eq!(project.events()?, 20_003);
    Ok(())
}
