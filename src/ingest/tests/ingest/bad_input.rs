//! Every bad input is a clear error or counted rejects, and what was there before still is.

use std::fs;

use throughline_ingest::{IngestError, Options};

use crate::kit::{ATTENDANCE, HEADER, Project, TITLES};

fn reject(line: u32, column: &str, rule: &str, shape: &str) -> (u32, String, String, String) {
    (line, column.to_owned(), rule.to_owned(), shape.to_owned())
}

fn header_error(project: &Project) -> String {
    match project.ingest() {
        Err(error @ IngestError::Headers(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_missing_file_is_an_error_unless_the_source_is_optional() {
    let mut project = Project::new(ATTENDANCE);
    let error = project.ingest().expect_err("no file");
    assert_eq!(
        error.to_string(),
        "source `export` has no file: nothing in `exports` matches `*.csv`\n  hint: the folder is empty"
    );
    project.sources[0].folder = project.folder.path().join("nowhere");
    assert!(matches!(project.ingest(), Err(IngestError::NoFiles { .. })));
    project.sources[0].optional = true;
    assert!(project.ingest().expect("nothing").parts.is_empty());
}

#[test]
fn an_empty_file_is_an_error_and_a_header_alone_is_not() {
    let project = Project::new(ATTENDANCE);
    project.write("a.csv", "");
    assert!(header_error(&project).contains("exports/a.csv: error: the file is empty"));
    for text in [
        HEADER.to_owned(),
        format!("{HEADER}\r\n"),
        format!("{HEADER}\n\n"),
    ] {
        project.write("a.csv", text);
        let count = project.count();
        assert_eq!((count.read, count.kept), (0, 0));
    }
}

#[test]
fn a_wrong_delimiter_is_named() {
    let project = Project::new(ATTENDANCE);
    project.write("a.csv", HEADER.replace(',', ";"));
    assert!(
        header_error(&project)
            .contains("fields are separated by `;`, but mapping `export` says `,`")
    );
    project.write("a.csv", HEADER.replace(',', "\t"));
    assert!(header_error(&project).contains("separated by tabs"));
}

#[test]
fn every_header_problem_of_every_file_is_reported_at_once() {
    let project = Project::new(ATTENDANCE);
    project.write("a.csv", "Student_Numbr,Att_Date,School,Code,Minutes\n");
    project.write("b.csv", "Student_Number,School,Code,Code,Minutes\n");
    let error = header_error(&project);
    assert!(
        error.contains("renamed: `Student_Number` is probably `Student_Numbr` now"),
        "{error}"
    );
    assert!(
        error.contains("dropped: `Att_Date` is gone (`date` must not be empty)"),
        "{error}"
    );
    assert!(
        error.contains("b.csv:1:3: error: column `Code` stands twice"),
        "{error}"
    );
}

#[test]
fn a_file_without_a_header_is_not_quoted() {
    let project = Project::new(ATTENDANCE);
    project.write("a.csv", "Secret,09/02/2024,12,P,\nOther,09/02/2024,12,P,\n");
    let error = header_error(&project);
    assert!(error.contains("no column of mapping `export` is in the first line"));
    assert!(!error.contains("Secret"));
}

#[test]
fn an_unknown_column_is_a_warning_with_a_suggestion() {
    let project = Project::new(ATTENDANCE);
    project.write(
        "a.csv",
        "Student_Number,Att_Date,Code,Schoool,Last_Name,Mystery\n1,09/02/2024,P,9,X,y\n",
    );
    let warnings = project.ingest().expect("an ingest").warnings;
    let text: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    let [told] = text.as_slice() else {
        panic!("{text:?}")
    };
    assert!(told.contains("a.csv:1: warning:"), "{told}");
    for line in [
        "renamed: `School` is probably `Schoool` now",
        "dropped: `Minutes` is gone",
        "added: `Mystery` is new",
    ] {
        assert!(told.contains(line), "{told}");
    }
}

#[test]
fn bad_cells_are_rejects_with_place_rule_and_shape() {
    let project = Project::new(ATTENDANCE);
    project.write(
        "a.csv",
        format!(
            "{HEADER}\n1,02/30/2024,,P,\n2,09/02/2024,,zz,\n,09/02/1950,,P,\n4,09/02/2024,,P,x1\n5,09/02/2024,,P,1441\n6,09/02/2024,,P,1\n7,9\n"
        ),
    );
    let count = project.count();
    assert_eq!((count.read, count.kept, count.rejected), (7, 1, 6));
    assert_eq!(
        project.rejects(),
        [
            reject(2, "Att_Date", "bad-date", "99/99/9999"),
            reject(3, "Code", "unknown-code", "AA"),
            reject(4, "Student_Number", "missing-required", ""),
            reject(4, "Att_Date", "out-of-range", "99/99/9999"),
            reject(5, "Minutes", "bad-number", "A9"),
            reject(6, "Minutes", "out-of-range", "9999"),
            reject(8, "", "field-count", "9,9"),
        ]
    );
}

#[test]
fn nul_bytes_and_broken_utf8_are_rejects_where_they_are_read() {
    let project = Project::new(ATTENDANCE);
    let mut bytes = b"Student_Number,Att_Date,School,Code,Minutes,Last_Name\n".to_vec();
    bytes.extend_from_slice(b"1\0,09/02/2024,,P,,A\n2,09/02/2024,caf\x81,P,,B\n");
    bytes.extend_from_slice(b"3,09/02/2024,,P,,Garc\xeda\n\0\0\0\0\0\n");
    project.write("a.csv", bytes);
    assert_eq!(
        project.count().kept,
        1,
        "an ignored column may hold anything"
    );
    assert_eq!(
        project.rejects(),
        [
            reject(2, "Student_Number", "nul-byte", "9?"),
            reject(3, "School", "bad-utf8", "AAA?"),
            reject(5, "", "nul-byte", "?????"),
        ]
    );
}

#[test]
fn a_truncated_last_line_is_a_reject() {
    let project = Project::new(ATTENDANCE);
    project.write("a.csv", format!("{HEADER}\n1,09/02/2024,,P,\n2,09/0"));
    assert_eq!(project.count().kept, 1);
    assert_eq!(project.rejects(), [reject(3, "", "field-count", "9,99/9")]);
}

#[test]
fn a_ten_megabyte_line_is_one_reject() {
    let project = Project::new(TITLES);
    let mut text = b"id,name,vendor\n1,a,b\n2,".to_vec();
    text.resize(10 << 20, b'x');
    text.extend_from_slice(b",c\n3,d,e\n");
    project.write("a.csv", text);
    let count = project.count();
    assert_eq!((count.read, count.kept, count.rejected), (3, 2, 1));
    let rejects = project.rejects();
    assert_eq!((rejects[0].0, rejects[0].2.as_str()), (3, "too-long"));
    assert_eq!(rejects.len(), 1);
}

#[test]
fn a_quote_that_never_closes_costs_one_line() {
    let project = Project::new(TITLES);
    let mut text = String::from("id,name,vendor\n1,\"open,x\n");
    for row in 2..400_000 {
        text.push_str(&format!("{row},name,vendor\n"));
    }
    project.write("a.csv", text);
    let count = project.count();
    assert_eq!((count.rejected, count.kept), (1, 399_998));
    assert_eq!(
        project.rejects(),
        [reject(2, "", "unterminated-quote", "9,\"AAAA,A")]
    );
}

#[test]
fn too_many_rejects_refuse_the_run_and_leave_what_was_there() {
    let mut project = Project::new(ATTENDANCE);
    project.sources[0].max_rejected = 0.1;
    project.write("a.csv", format!("{HEADER}\n1,09/02/2024,,P,\n"));
    let before = project.ingest().expect("an ingest");
    let listing = || {
        let mut names: Vec<_> = fs::read_dir(project.lake().join("attendance_event"))
            .expect("a table")
            .map(|entry| entry.expect("a part").file_name())
            .collect();
        names.sort();
        names
    };
    let parts = listing();
    project.write(
        "b.csv",
        format!("{HEADER}\n1,09/02/2024,,secret,\n1,0x/02/2024,,P,\n1,09/05/2024,,P,\n"),
    );
    let error = project.ingest().expect_err("refused");
    let IngestError::Refused(refusals) = &error else {
        panic!("{error:?}")
    };
    assert_eq!((refusals[0].rejected, refusals[0].read), (2, 4));
    assert_eq!(
        error.to_string(),
        "source `export` is refused: 2 of 4 rows rejected (50.00 %, allowed 10.00 %)\n  \
         exports/b.csv:3: bad-date in column `Att_Date` (1 in all): no date as the mapping writes it, `%m/%d/%Y`; \
         the first looks like `9A/99/9999`\n  \
         exports/b.csv:2: unknown-code in column `Code` (1 in all): a word that the mapping does not list under `codes`, \
         which has `P`, `T`, `UA`"
    );
    assert_eq!(listing(), parts);
    assert!(
        !project
            .lake()
            .join("reject")
            .read_dir()
            .is_ok_and(|mut dir| dir.next().is_some())
    );
    fs::remove_file(project.file("b.csv")).expect("gone");
    assert_eq!(project.ingest().expect("an ingest").parts, before.parts);
}

#[test]
fn checking_counts_the_same_and_writes_nothing() {
    let project = Project::new(ATTENDANCE);
    project.write(
        "a.csv",
        format!("{HEADER}\n1,09/02/2024,,P,\n1,09/02/2024,,T,\nx\n"),
    );
    let options = Options {
        check_only: true,
        ..Options::default()
    };
    let checked = project.ingest_with(&options).expect("a check");
    assert!(checked.parts.is_empty());
    assert!(!project.lake().exists());
    let ingested = project.ingest().expect("an ingest");
    assert_eq!(checked.counts, ingested.counts);
    assert_eq!(checked.inputs, ingested.inputs);
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_project_is_refused() {
    let project = Project::new(TITLES);
    let elsewhere = tempfile::tempdir().expect("a folder");
    fs::write(elsewhere.path().join("x.csv"), "id,name,vendor\n").expect("a file");
    std::os::unix::fs::symlink(elsewhere.path().join("x.csv"), project.file("a.csv"))
        .expect("a link");
    assert!(matches!(project.ingest(), Err(IngestError::Escapes { .. })));
}

/// What cannot be read or written is an error with its path. Root may read everything, so the test uses paths that
/// are not what they should be.
#[test]
fn what_cannot_be_read_or_written_is_named() {
    let mut project = Project::new(TITLES);
    project.write("a.csv", "id,name,vendor\n1,a,b\n");
    let folder = project.sources[0].folder.clone();
    project.sources[0].folder = project.file("a.csv");
    let error = project.ingest().expect_err("not a folder");
    assert!(matches!(error, IngestError::Read { .. }), "{error:?}");
    assert!(error.to_string().contains("exports/a.csv"));

    project.sources[0].folder = folder;
    fs::create_dir_all(project.lake()).expect("a lake");
    fs::write(project.lake().join("tool"), "in the way").expect("a file");
    let error = project.ingest().expect_err("cannot write");
    assert!(matches!(error, IngestError::Write { .. }), "{error:?}");
    fs::remove_file(project.lake().join("tool")).expect("gone");
    assert_eq!(project.count().kept, 1);
}

/// `/dev/full` takes no byte: what a full disk does.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_that_leaves_nothing_behind() {
    let project = Project::new(TITLES);
    project.write("a.csv", "id,name,vendor\n1,a,b\n");
    let parts = project.ingest().expect("an ingest").parts;
    let part = project.lake().join(&parts[0].path);
    fs::remove_file(&part).expect("gone");
    std::os::unix::fs::symlink("/dev/full", part.with_extension("partial")).expect("a link");
    let error = project.ingest().expect_err("no space");
    assert!(matches!(error, IngestError::Write { .. }), "{error:?}");
    assert!(error.to_string().contains("No space left"), "{error}");
    assert!(!part.exists());
    assert_eq!(project.ingest().expect("an ingest").parts, parts);
}
