//! A whole OneRoster bundle, in a folder and in a zip, through `throughline run`: its classes carry attendance to the
//! teachers who took a training, and the report is written.

use std::io::Write as _;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::project::{Outcome, Project};

type Files = Vec<(&'static str, String)>;

/// The bundle: one school, two classes with a teacher each, and `students` in each class.
fn bundle(version: &str, students: usize) -> Files {
    let new = version == "1.2";
    let mut users = if new {
        "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns,resourceSourcedIds\n".to_owned()
    } else {
        "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n".to_owned()
    };
    let mut roles = "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\n".to_owned();
    let mut enrollments = "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n".to_owned();
    let mut person = |id: &str, role: &str, grade: &str, class: &str| {
        if new {
            users += &format!("{id},,,true,{id},,A,B,,,,,,,{grade},,,,,,S1,,\n");
        } else {
            users += &format!("{id},,,true,S1,{role},{id},,A,B,,,,,,,{grade},\n");
        }
        roles += &format!("R{id},,,{id},primary,{role},,,S1,\n");
        let primary = if role == "teacher" { "true" } else { "" };
        enrollments += &format!("E{id},,,{class},S1,{id},{role},{primary},,\n");
    };
    for class in ["C1", "C2"] {
        person(&format!("T{class}"), "teacher", "", class);
        for number in 0..students {
            person(&format!("{class}{number:03}"), "student", "04", class);
        }
    }
    let mut files = vec![
        (
            "manifest.csv",
            format!("propertyName,value\nmanifest.version,1.0\noneroster.version,{version}\nfile.orgs,bulk\n"),
        ),
        (
            "orgs.csv",
            "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\nD,,,District,district,,\nS1,,,North,school,,D\n".to_owned(),
        ),
        (
            "academicSessions.csv",
            "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\nY,,,Year,schoolYear,2024-08-12,2025-06-05,,2025\n".to_owned(),
        ),
        (
            "courses.csv",
            "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes\nM4,,,Y,Math 4,M4,04,S1,Math,02\n".to_owned(),
        ),
        (
            "classes.csv",
            "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\nC1,,,One,04,M4,1,scheduled,,S1,Y,Math,02,1\nC2,,,Two,04,M4,2,scheduled,,S1,Y,Math,02,1\n".to_owned(),
        ),
        ("users.csv", users),
        ("enrollments.csv", enrollments),
    ];
    if new {
        files.push(("roles.csv", roles));
    }
    files
}

fn project(version: &str, files: &str) -> Result<Project, Box<dyn std::error::Error>> {
    let project = Project::new()?;
    let name = version.replace('.', "_");
    let text = std::fs::read_to_string(project.path("pipelines/p.toml"))?;
    project.write(
        "pipelines/p.toml",
        format!(
            "{text}\n[[source]]\nid = \"roster\"\nfiles = \"../roster/{files}\"\nmapping = \"oneroster_{name}\"\n"
        ),
    )?;
    project.write(
        "exports/day1.csv",
        "Student,Date,School,Code\nC1000,2024-09-03,S1,A\nC2001,2024-09-04,S1,U\nC2002,2024-09-04,S1,T\n",
    )?;
    Ok(project)
}

/// Runs the pipeline and looks for the bundle in the release, linked with the attendance.
fn check(project: &Project) -> Outcome {
    let said = project.run(&["run", "pipelines/p.toml"])?;
    assert_eq!(said.code, 0, "{said:?}");
    for (sql, expected) in [
        (
            "SELECT count(*) AS n FROM student WHERE school_year = 2025 AND grade_level = '4'",
            24,
        ),
        ("SELECT count(*) AS n FROM staff WHERE role = 'teacher'", 2),
        (
            "SELECT count(*) AS n FROM section WHERE subject = 'math'",
            2,
        ),
        ("SELECT count(*) AS n FROM student_section", 24),
        ("SELECT count(*) AS n FROM school WHERE name = 'North'", 1),
        (
            "SELECT count(*) AS n FROM attendance_event a JOIN student_section s USING (student_id) JOIN staff_section t USING (section_id)",
            3,
        ),
    ] {
        assert_eq!(project.number(sql)?, expected, "{sql}");
    }
    assert!(project.path("reports/report.html").exists(), "{said:?}");
    Ok(())
}

#[test]
fn a_folder_of_one_roster_files_runs_to_the_report() -> Outcome {
    for version in ["1.1", "1.2"] {
        let project = project(version, "*.csv")?;
        for (name, content) in bundle(version, 12) {
            project.write(&format!("roster/{name}"), content)?;
        }
        check(&project)?;
    }
    Ok(())
}

#[test]
fn a_zip_of_one_roster_files_runs_to_the_same() -> Outcome {
    for version in ["1.1", "1.2"] {
        let project = project(version, "*.zip")?;
        let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, content) in bundle(version, 12) {
            zip.start_file(name, SimpleFileOptions::default())?;
            zip.write_all(content.as_bytes())?;
        }
        project.write("roster/bundle.zip", zip.finish()?.into_inner())?;
        check(&project)?;
    }
    Ok(())
}

#[test]
fn a_bundle_of_another_version_is_refused() -> Outcome {
    let project = project("1.1", "*.csv")?;
    for (name, content) in bundle("1.2", 2) {
        project.write(&format!("roster/{name}"), content)?;
    }
    let said = project.run(&["run", "pipelines/p.toml"])?;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.stderr.contains("1.2"), "{said:?}");
    Ok(())
}
