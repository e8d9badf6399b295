//! OneRoster bundles, Ed-Fi files, badges and usage events give the rows of the canonical tables, as the shipped mappings say.

use std::fs;

use throughline_ingest::{IngestError, Ingested};
use throughline_model::{Mapping, builtin};

use crate::kit::{Project, column};

fn text(name: &str) -> &'static str {
    let found = builtin::mappings().iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("no mapping {name}")).1
}

/// A project whose only source is read with a shipped mapping.
fn project(pattern: &str, mapping: &str) -> Project {
    let mut project = Project::new(text(mapping));
    project.sources[0].pattern = pattern.to_owned();
    project
}

/// A project with a source for every mapping of a bundle.
fn bundle(pattern: &str, name: &str) -> Project {
    let parts = Mapping::bundle(name, text(name))
        .expect("a bundle")
        .expect("a bundle");
    let mut project = project(pattern, &parts[0].0);
    project.sources.clear();
    for (part, optional) in parts {
        project.source(&part, pattern, text(&part));
        if let Some(source) = project.sources.last_mut() {
            source.optional = optional;
        }
    }
    project
}

fn read(project: &Project) -> Ingested {
    let ingested = project.ingest().unwrap_or_else(|error| panic!("{error}"));
    assert!(ingested.counts.iter().all(|count| count.balances()));
    assert!(ingested.warnings.is_empty(), "{:?}", ingested.warnings);
    ingested
}

const ROSTER: &[(&str, &str)] = &[
    (
        "manifest.csv",
        "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.orgs,bulk\nfile.users,bulk\nfile.results,absent\n",
    ),
    (
        "orgs.csv",
        "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\nD,,,District,district,,\nS1,,,North,school,,D\nS2,,,Closed,school,,D\n",
    ),
    (
        "academicSessions.csv",
        "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\nY,,,Year,schoolYear,2024-08-12,2025-06-05,,2025\nF,,,Fall,semester,2024-08-12,2024-12-20,Y,2025\n",
    ),
    (
        "courses.csv",
        "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes\nALG,,,Y,Algebra I,0310,09,S1,Math,02052\n",
    ),
    (
        "classes.csv",
        "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\nC1,,,ALG-1,09,ALG,A1,scheduled,220,S1,\"F,Y\",Math,02052,2\nC2,,,Art,09,,A2,scheduled,,S1,F,,,3\n",
    ),
    (
        "users.csv",
        "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n100,,,true,S1,student,a,,Ann,Archer,,,a@x.org,,,,09,\n101,,,true,S1,student,b,,Bo,Bell,,,b@x.org,,,,KG,\n102,tobedeleted,,true,S1,student,c,,Cy,Cole,,,c@x.org,,,,09,\n900,,,true,S1,teacher,t,,Tess,Teach,,,t@x.org,,,,,\n901,,,true,S1,parent,p,,Pat,Parent,,,p@x.org,,,,,\n",
    ),
    (
        "demographics.csv",
        "sourcedId,status,dateLastModified,birthDate,sex\n100,,,2010-01-01,female\n",
    ),
    (
        "enrollments.csv",
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\nE1,,,C1,S1,100,student,,2024-08-20,\nE2,,,C1,S1,101,student,,,\nE3,tobedeleted,,C2,S1,101,student,,,\nE4,,,C1,S1,900,teacher,true,,\nE5,,,C2,S1,102,student,,,\n",
    ),
];

fn check_roster(project: &Project) {
    let ingested = read(project);
    let of = |table: &str, name: &str| column(&project.rows(&ingested, table), name);
    assert_eq!(of("school", "school_id"), ["S1"]);
    assert_eq!(of("academic_session", "session_type"), ["year", "semester"]);
    assert_eq!(of("student", "grade_level"), ["9", "K"]);
    assert_eq!(of("student", "gender"), ["female", "null"]);
    assert_eq!(of("student", "school_year"), ["2025", "2025"]);
    assert_eq!(of("staff", "role"), ["teacher"]);
    assert_eq!(of("section", "subject"), ["math", "other"]);
    assert_eq!(of("section", "course_name"), ["Algebra I", "Art"]);
    assert_eq!(
        of("student_section", "begin_date"),
        ["2024-08-20", "2024-08-12", "2024-08-12"]
    );
    assert_eq!(
        of("student_section", "end_date"),
        ["2024-12-19", "2024-12-19", "2024-12-19"]
    );
    assert_eq!(of("student_section", "source_line"), ["2", "3", "6"]);
    assert_eq!(of("staff_section", "staff_role"), ["lead"]);
    assert_eq!(
        of("student_school", "entry_date"),
        ["2024-08-20", "2024-08-12", "2024-08-12"]
    );
    let count = |source: &str| {
        let found = ingested
            .counts
            .iter()
            .find(|count| count.source.ends_with(source))
            .expect("a count");
        (found.read, found.kept, found.duplicate, found.passed)
    };
    assert_eq!(
        count("students"),
        (3, 2, 1, 2),
        "one is deleted, two are others"
    );
    assert_eq!(count("student_sections"), (4, 3, 1, 1));
    assert_eq!(count("schools"), (1, 1, 0, 2));
}

#[test]
fn a_roster_in_a_folder_fills_its_tables() {
    let project = bundle("*.csv", "oneroster_1_1");
    for (name, content) in ROSTER {
        project.write(name, content);
    }
    check_roster(&project);
    let before = project.ingest().expect("an ingest").inputs;
    project.write(
        "academicSessions.csv",
        ROSTER[2].1.replace("2024-12-20", "2024-12-19"),
    );
    let after = project.ingest().expect("an ingest");
    assert_ne!(after.inputs, before);
    let ends = column(&project.rows(&after, "student_section"), "end_date");
    assert_eq!(
        ends, ["2024-12-18"; 3],
        "what is looked up is read again where it has changed"
    );
}

#[test]
fn a_roster_in_a_zip_is_the_same() {
    use std::io::Write as _;
    let project = bundle("*.zip", "oneroster_1_1");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in ROSTER {
        zip.start_file(
            format!("roster/{name}"),
            zip::write::SimpleFileOptions::default(),
        )
        .expect("memory");
        zip.write_all(content.as_bytes()).expect("memory");
    }
    project.write("roster.zip", zip.finish().expect("memory").into_inner());
    check_roster(&project);
}

#[test]
fn roles_of_one_roster_1_2_stand_in_their_own_file() {
    let project = bundle("*.csv", "oneroster_1_2");
    for (name, content) in ROSTER {
        project.write(
            name,
            content.replace("oneroster.version,1.1", "oneroster.version,1.2"),
        );
    }
    project.write("users.csv", "sourcedId,status,dateLastModified,enabledUser,username,givenName,familyName,grades\n100,,,true,a,Ann,Archer,09\n101,,,true,b,Bo,Bell,KG\n102,,,true,c,Cy,Cole,09\n900,,,true,t,Tess,Teach,\n");
    project.write("roles.csv", "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\nR1,,,100,primary,student,,,S1,\nR2,,,101,primary,student,,,S1,\nR3,tobedeleted,,102,primary,student,,,S1,\nR4,,,900,primary,teacher,,,S1,\nR5,,,901,primary,parent,,,S1,\n");
    check_roster(&project);
}

#[test]
fn a_manifest_that_does_not_fit_refuses_the_bundle() {
    let project = bundle("*.csv", "oneroster_1_2");
    for (name, content) in ROSTER {
        project.write(name, content);
    }
    project.write("roles.csv", "sourcedId,status,userSourcedId,role\n");
    let error = project.ingest().expect_err("another version");
    assert!(matches!(error, IngestError::Headers(_)), "{error}");
    assert!(
        error
            .to_string()
            .contains("says OneRoster 1.1, the mapping is for 1.2"),
        "{error}"
    );
    let project = bundle("*.csv", "oneroster_1_1");
    for (name, content) in ROSTER {
        project.write(
            name,
            content.replace("file.results,absent", "file.results,bulk"),
        );
    }
    let error = project.ingest().expect_err("a missing file");
    assert!(
        error
            .to_string()
            .contains("names `results.csv`, which is not there"),
        "{error}"
    );
    fs::remove_file(project.file("manifest.csv")).expect("gone");
    check_roster(&project);
}

const DISCIPLINE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<InterchangeStudentDiscipline xmlns=\"http://ed-fi.org/5.2.0\">
  <DisciplineIncident id=\"D1\"><IncidentIdentifier>10</IncidentIdentifier><IncidentDate>2024-10-18</IncidentDate>
    <SchoolReference><SchoolIdentity><SchoolId>55</SchoolId></SchoolIdentity></SchoolReference></DisciplineIncident>
  <StudentDisciplineIncidentBehaviorAssociation>
    <StudentReference><StudentIdentity><StudentUniqueId>100</StudentUniqueId></StudentIdentity></StudentReference>
    <DisciplineIncidentReference ref=\"D1\"/><Behavior>uri://ed-fi.org/BehaviorDescriptor#School Violation</Behavior>
  </StudentDisciplineIncidentBehaviorAssociation>
  <StudentDisciplineIncidentBehaviorAssociation>
    <StudentReference><StudentIdentity><StudentUniqueId>101</StudentUniqueId></StudentIdentity></StudentReference>
    <DisciplineIncidentReference><DisciplineIncidentIdentity><IncidentIdentifier>10</IncidentIdentifier></DisciplineIncidentIdentity></DisciplineIncidentReference>
    <Behavior>uri://ed-fi.org/BehaviorDescriptor#Other</Behavior>
  </StudentDisciplineIncidentBehaviorAssociation>
</InterchangeStudentDiscipline>
";

#[test]
fn incidents_of_ed_fi_carry_the_date_of_what_they_refer_to() {
    let project = project("*.xml", "edfi_xml_discipline_incidents");
    project.write("a.xml", DISCIPLINE);
    let rows = project.rows(&read(&project), "discipline_incident");
    assert_eq!(column(&rows, "incident_id"), ["10", "10"]);
    assert_eq!(column(&rows, "date"), ["2024-10-18", "2024-10-18"]);
    assert_eq!(column(&rows, "school_id"), ["55", "55"]);
    assert_eq!(column(&rows, "behavior"), ["School Violation", "Other"]);
    assert_eq!(column(&rows, "source_line"), ["5", "9"]);
}

/// A reference to section `1` of a school, session and course.
fn section(school: &str, session: &str, course: &str) -> String {
    format!(
        "<SectionIdentifier>1</SectionIdentifier><CourseOfferingReference><CourseOfferingIdentity><LocalCourseCode>{course}</LocalCourseCode>\
         <SchoolReference><SchoolIdentity><SchoolId>{school}</SchoolId></SchoolIdentity></SchoolReference>\
         <SessionReference><SessionIdentity><SessionName>{session}</SessionName><SchoolYear>2024-2025</SchoolYear></SessionIdentity></SessionReference>\
         </CourseOfferingIdentity></CourseOfferingReference>"
    )
}

#[test]
fn a_section_of_ed_fi_is_told_by_school_session_course_and_number() {
    let keys = [
        ("55", "Fall", "ALG"),
        ("66", "Fall", "ALG"),
        ("55", "Spring", "ALG"),
        ("55", "Fall", "GEO"),
    ];
    let wanted = [
        "55·Fall·ALG·1",
        "66·Fall·ALG·1",
        "55·Spring·ALG·1",
        "55·Fall·GEO·1",
    ];
    for (mapping, table, record, before, after) in [
        ("edfi_xml_sections", "section", "Section", "", ""),
        (
            "edfi_xml_staff_sections",
            "staff_section",
            "StaffSectionAssociation",
            "<StaffReference><StaffIdentity><StaffUniqueId>9</StaffUniqueId></StaffIdentity></StaffReference><SectionReference><SectionIdentity>",
            "</SectionIdentity></SectionReference><ClassroomPosition>x#Teacher of Record</ClassroomPosition><BeginDate>2024-08-20</BeginDate><PercentageContribution>1</PercentageContribution>",
        ),
        (
            "edfi_xml_student_sections",
            "student_section",
            "StudentSectionAssociation",
            "<StudentReference><StudentIdentity><StudentUniqueId>9</StudentUniqueId></StudentIdentity></StudentReference><SectionReference><SectionIdentity>",
            "</SectionIdentity></SectionReference><BeginDate>2024-08-20</BeginDate>",
        ),
    ] {
        let records = keys.map(|(school, session, course)| {
            let section = section(school, session, course);
            format!("<{record}>{before}{section}{after}</{record}>\n")
        });
        let project = project("*.xml", mapping);
        project.write("a.xml", format!("<I>\n{}</I>\n", records.concat()));
        let rows = project.rows(&read(&project), table);
        assert_eq!(column(&rows, "section_id"), wanted, "{mapping}");
        assert_eq!(
            column(&rows, "school_id"),
            ["55", "66", "55", "55"],
            "{mapping}"
        );
    }
}

#[test]
fn attendance_of_ed_fi_may_be_json() {
    let project = project("*.json", "edfi_json_attendance");
    let event = |student: &str, what: &str| {
        format!(
            "{{\"studentReference\":{{\"studentUniqueId\":\"{student}\"}},\"schoolReference\":{{\"schoolId\":55}},\"eventDate\":\"2024-10-18\",\"attendanceEventCategoryDescriptor\":\"uri://ed-fi.org/AttendanceEventCategoryDescriptor#{what}\"}}"
        )
    };
    project.write(
        "a.json",
        format!("[{},\n{}]", event("100", "Tardy"), event("101", "Napping")),
    );
    let ingested = read(&project);
    let rows = project.rows(&ingested, "attendance_event");
    assert_eq!(column(&rows, "category"), ["tardy"]);
    assert_eq!(column(&rows, "school_id"), ["55"]);
    let rejects = project.rejects();
    assert_eq!((rejects[0].0, rejects[0].2.as_str()), (2, "unknown-code"));
}

/// `hashlib.sha256(b"ann@x.orgsalt1").hexdigest()` and `hashlib.sha256(b"bo@x.orgsalt2").hexdigest()` in Python.
const ANN: &str = "75dc1d901e31d7dad086a11943d8da0b549e033eb0dbe7cbde0413309f3b6f8a";
const BO: &str = "bf189cdca49c9d4d68e914c2e4119a926120926557d3d67adba9cf9ca81777e5";

const CROSSWALK: &str = "vendor = \"HR\"\ntable = \"staff_identity\"\n[columns]\nstaff_id = { from = \"Staff\" }\nid_system = { value = \"email\" }\nsystem_staff_id = { from = \"Email\", id_system = \"email\" }\n";

fn assertion(id: &str, hash: &str, salt: &str, more: &str) -> String {
    format!(
        "{{\"@context\":\"https://w3id.org/openbadges/v2\",\"type\":\"Assertion\",\"id\":\"{id}\",\"recipient\":{{\"type\":\"email\",\"hashed\":true,\"salt\":\"{salt}\",\"identity\":\"{hash}\"}},\"issuedOn\":\"2024-09-01T23:59:59Z\",\"badge\":{{\"id\":\"https://b.org/1\",\"name\":\"Robots\"}}{more}}}"
    )
}

#[test]
fn hashed_recipients_are_found_and_revoked_badges_are_none() {
    let mut project = project("badge*.json", "open_badges_2");
    project.source("people", "people.csv", CROSSWALK);
    project.write("people.csv", "Staff,Email\n7,Ann@x.org\n8,bo@x.org\n");
    let all = [
        assertion(
            "urn:1",
            &format!("sha256${ANN}"),
            "salt1",
            ",\"expires\":\"2025-09-01T00:00:00Z\"",
        ),
        assertion(
            "urn:2",
            &format!("sha256${BO}"),
            "salt2",
            ",\"revoked\":true",
        ),
        assertion("urn:3", &format!("sha256${BO}"), "salt2", ""),
        assertion("urn:4", &format!("sha256${ANN}"), "other salt", ""),
        "{\"type\":\"BadgeClass\",\"id\":\"https://b.org/1\"}".to_owned(),
    ];
    project.write("badges.json", all.join("\n"));
    let ingested = read(&project);
    let rows = project.rows(&ingested, "credential_award");
    assert_eq!(column(&rows, "expires_date"), ["2025-09-01", "null"]);
    assert_eq!(column(&rows, "name"), ["Robots", "Robots"]);
    let people = project.rows(&ingested, "staff_identity");
    assert_eq!(
        column(&rows, "person_id"),
        column(&people, "system_staff_id")
    );
    assert_eq!(column(&rows, "source_line"), ["1", "3"]);
    let count = &ingested.counts[0];
    assert_eq!(
        (
            count.read,
            count.kept,
            count.rejected,
            count.duplicate,
            count.passed
        ),
        (4, 2, 1, 1, 1)
    );
    assert_eq!(project.rejects()[0].2, "unknown-recipient");

    project.write("revocation-list.json", "{\"type\":\"RevocationList\",\"revokedAssertions\":[\"urn:9\",{\"id\":\"urn:3\",\"revocationReason\":\"x\"}]}");
    let rows = project.rows(&read(&project), "credential_award");
    assert_eq!(
        column(&rows, "source_line"),
        ["1"],
        "the list revokes one more"
    );

    project.write("people.csv", "Staff,Email\n8,bo@x.org\n");
    let ingested = read(&project);
    assert_eq!(
        ingested.counts[0].kept, 0,
        "who is gone from the crosswalk is no longer found"
    );
}

#[test]
fn badges_of_version_3_name_people_openly_or_hashed() {
    let mut project = project("badge*.json", "open_badges_3");
    project.source("people", "people.csv", CROSSWALK);
    project.write("people.csv", "Staff,Email\n7,ann@x.org\n8,bo@x.org\n");
    let credential = |subject: &str| {
        format!(
            "{{\"type\":[\"VerifiableCredential\",\"OpenBadgeCredential\"],\"id\":\"urn:1\",\"validFrom\":\"2024-09-01T00:00:00Z\",\"validUntil\":\"2026-01-01T00:00:00Z\",\"credentialSubject\":{{{subject},\"achievement\":{{\"id\":\"https://a.org/1\",\"name\":\"Teamwork\"}}}}}}"
        )
    };
    let hashed = format!(
        "\"identifier\":[{{\"type\":\"IdentityObject\",\"hashed\":true,\"identityHash\":\"sha256${BO}\",\"salt\":\"salt2\"}}]"
    );
    project.write(
        "badges.json",
        format!(
            "[{},\n{}]",
            credential("\"id\":\"mailto:ANN@x.org\""),
            credential(&hashed)
        ),
    );
    let ingested = read(&project);
    let rows = project.rows(&ingested, "credential_award");
    let people = project.rows(&ingested, "staff_identity");
    assert_eq!(
        column(&rows, "person_id"),
        column(&people, "system_staff_id")
    );
    assert_eq!(column(&rows, "expires_date"), ["2026-01-01", "2026-01-01"]);
}

#[test]
fn usage_events_of_a_day_are_added_up() {
    let event = |user: &str, time: &str, more: &str| {
        format!(
            "{{\"type\":\"SessionEvent\",\"actor\":{{\"id\":\"https://x.org/users/{user}\"}},\"action\":\"LoggedOut\",\"object\":{{\"id\":\"s\"{more}}},\"eventTime\":\"{time}\",\"edApp\":\"https://x.org/app\"}}"
        )
    };
    let caliper = project("*.json", "caliper_events");
    let events = [
        event("1", "2024-09-03T10:00:00.000Z", ",\"duration\":\"PT1800S\""),
        event("2", "2024-09-03T10:05:00.000Z", ""),
        event("1", "2024-09-03T11:00:00.000Z", ",\"duration\":\"PT15M\""),
        event("1", "2024-09-04T11:00:00.000Z", ",\"duration\":\"soon\""),
    ];
    caliper.write("a.json", events.join("\n"));
    let ingested = read(&caliper);
    let rows = caliper.rows(&ingested, "tool_usage");
    assert_eq!(column(&rows, "minutes"), ["45.0", "null"]);
    assert_eq!(column(&rows, "activities"), ["2.0", "1.0"]);
    assert_eq!(
        column(&rows, "tool_id"),
        ["https://x.org/app", "https://x.org/app"]
    );
    let count = &ingested.counts[0];
    assert_eq!(
        (count.read, count.kept, count.rejected, count.passed),
        (3, 2, 1, 1)
    );

    let statement = |verb: &str, time: &str| {
        format!(
            "{{\"actor\":{{\"mbox\":\"mailto:ann@x.org\"}},\"verb\":{{\"id\":\"http://adlnet.gov/expapi/verbs/{verb}\"}},\"object\":{{\"id\":\"http://x.org/cbt\"}},\"result\":{{\"duration\":\"PT30S\"}},\"timestamp\":\"{time}\"}}"
        )
    };
    let xapi = project("*.json", "xapi_result");
    let statements = [
        statement("attempted", "2024-09-03T12:00:00+00:00"),
        statement("voided", "2024-09-03T12:00:00Z"),
        statement("completed", "2024-09-03T13:00:00Z"),
    ];
    xapi.write(
        "a.json",
        format!(
            "{{\"statements\":[{}],\"more\":\"\"}}",
            statements.join(",\n")
        ),
    );
    let rows = xapi.rows(&read(&xapi), "tool_usage");
    assert_eq!(column(&rows, "minutes"), ["1.0"]);
    assert_eq!(column(&rows, "activities"), ["2.0"]);
}
