//! A rerun is safe and reads only what is new.

use std::fs;

use throughline_ingest::{Ingested, Key};

use crate::kit::{ATTENDANCE, HEADER, Project, TITLES, column};

fn two_files() -> (Project, Ingested) {
    let project = Project::new(ATTENDANCE);
    project.write("2024.csv", format!("{HEADER}\n1,09/02/2023,,P,\n"));
    project.write("2025.csv", format!("{HEADER}\n1,09/02/2024,,P,\n"));
    let ingested = project.ingest().expect("an ingest");
    assert!(ingested.changed);
    (project, ingested)
}

#[test]
fn nothing_new_is_not_read_again() {
    let (project, first) = two_files();
    // Content that would be refused, under the size and time of what was read: proof that nobody looks.
    let text = format!("{HEADER}\n1,09/02/2023,,P,\n");
    project.write("2024.csv", text.replace("09/02/2023", "xxxxxxxxxx"));
    let again = project.ingest().expect("an ingest");
    assert!(!again.changed);
    assert_eq!((again.parts, again.inputs), (first.parts, first.inputs));
}

#[test]
fn a_touched_file_is_the_same_file() {
    let (project, first) = two_files();
    project.age("2024.csv", 60);
    let again = project.ingest().expect("an ingest");
    assert!(!again.changed);
    assert_eq!(again.parts, first.parts);
}

#[test]
fn a_changed_file_is_read_and_the_others_are_not() {
    let (project, first) = two_files();
    project.write(
        "2025.csv",
        format!("{HEADER}\n1,09/02/2024,,P,\n1,09/03/2024,,T,\n"),
    );
    let again = project.ingest().expect("an ingest");
    assert!(again.changed);
    assert_ne!(again.inputs, first.inputs);
    assert_eq!(again.parts[0], first.parts[0]);
    assert_ne!(again.parts[1].key, first.parts[1].key);
    assert_eq!(project.rows(&again, "attendance_event").len(), 3);
}

#[test]
fn a_change_right_after_reading_is_seen() {
    let project = Project::new(TITLES);
    fs::write(project.file("a.csv"), "id,name,vendor\n1,a,b\n").expect("a file");
    project.ingest().expect("an ingest");
    let time = fs::metadata(project.file("a.csv"))
        .and_then(|about| about.modified())
        .expect("a time");
    fs::write(project.file("a.csv"), "id,name,vendor\n1,c,b\n").expect("a file");
    let file = fs::File::options().write(true).open(project.file("a.csv"));
    file.and_then(|file| file.set_modified(time))
        .expect("a time");
    let again = project.ingest().expect("an ingest");
    assert_eq!(column(&project.rows(&again, "tool"), "name"), ["c"]);
}

#[test]
fn a_lost_part_or_state_is_made_again() {
    let (project, first) = two_files();
    fs::remove_file(project.lake().join(&first.parts[1].path)).expect("gone");
    assert_eq!(project.ingest().expect("an ingest").parts, first.parts);
    let state = project.lake().join("_ingest/state.json");
    let sound = fs::read(&state).expect("a state");
    let mut flipped = sound.clone();
    flipped[sound.len() / 2] ^= 1;
    for bad in [
        b"{ not json",
        [].as_slice(),
        &sound[..sound.len() / 2],
        &flipped,
    ] {
        fs::write(&state, bad).expect("broken");
        let again = project.ingest().expect("an ingest");
        assert!(again.changed);
        assert_eq!(again.parts, first.parts);
    }
}

#[test]
fn a_new_key_gives_new_pseudonyms_and_the_same_inputs() {
    let (mut project, first) = two_files();
    let before = column(&project.rows(&first, "attendance_event"), "student_id");
    project.key = Key::create(&project.folder.path().join("other")).expect("a key");
    let again = project.ingest().expect("an ingest");
    let after = column(&project.rows(&again, "attendance_event"), "student_id");
    assert_eq!(again.inputs, first.inputs);
    assert_eq!(after[0], after[1]);
    assert_ne!(before[0], after[0]);
}

#[cfg(unix)]
#[test]
fn an_exposed_key_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let (mut project, _) = two_files();
    let path = project.folder.path().join("key");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("permissions");
    project.key = Key::load(&path).expect("a key");
    let warnings = project.ingest().expect("an ingest").warnings;
    assert!(warnings[0].to_string().contains("can be read by others"));
}
