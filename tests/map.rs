//! `throughline map` as somebody meets it who has a file and no mapping: what it writes is refused until every question is
//! answered, and reads the file once it is.

use crate::project::{Outcome, Project, program, said};

/// A vendor's absences: days and months that can be told apart only by somebody who knows.
const ABSENCES: &str = "Pupil Nbr,Pupil Last Name,DOB,Absence Day,Att Code,Building,Remarks\n\
    0412,Quillfeather,2012-05-04,03/04/2024,U,10,felt Zyxwv\n\
    0413,Oddington,2012-06-04,05/04/2024,T,10,\n\
    0414,Underhay,2012-07-04,06/04/2024,U,10,\n";

/// Proposes a mapping for `content` as `pipelines/mappings/scratch_attendance.toml`.
fn proposed(project: &Project, content: &str) -> Result<String, Box<dyn std::error::Error>> {
    project.write("exports/absences.csv", content)?;
    let mapping = project.path("pipelines/mappings/scratch_attendance.toml");
    std::fs::remove_file(&mapping)?;
    let said = project.run(&[
        "map",
        "exports/absences.csv",
        "--vendor",
        "Someone",
        "--out",
        "pipelines/mappings/scratch_attendance.toml",
    ])?;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stderr.contains("attendance_event"), "{said:?}");
    let text = std::fs::read_to_string(mapping)?;
    for cell in ["0412", "Quillfeather", "2012-05-04", "03/04/2024", "Zyxwv"] {
        assert!(
            !text.contains(cell) && !said.stderr.contains(cell) && !said.stdout.contains(cell),
            "{text}\n{said:?}"
        );
    }
    Ok(text)
}

#[test]
fn an_ambiguous_date_order_is_refused_until_somebody_has_chosen() -> Outcome {
    let project = Project::new()?;
    let text = proposed(&project, ABSENCES)?;
    assert!(text.contains("CHOOSE"), "{text}");
    for verb in ["check", "ingest", "run"] {
        let said = project.run(&[verb, "pipelines/p.toml"])?;
        assert_eq!(said.code, 2, "{verb}: {said:?}");
        assert!(said.stderr.contains("`date`"), "{verb}: {said:?}");
    }
    assert!(!project.path("lake").exists());
    for (order, first) in [("%d/%m/%Y", "2024-04-03"), ("%m/%d/%Y", "2024-03-04")] {
        let chosen: Vec<String> = text
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if rest.starts_with("date =") && rest.contains(order) => rest.to_owned(),
                _ => line.to_owned(),
            })
            .collect();
        let project = Project::new()?;
        project.write("exports/absences.csv", ABSENCES)?;
        project.write(
            "pipelines/mappings/scratch_attendance.toml",
            chosen.join("\n"),
        )?;
        let said = project.run(&["check", "pipelines/p.toml"])?;
        assert_eq!(said.code, 0, "{said:?}\n{text}");
        let said = project.ingest()?;
        assert_eq!(said.code, 0, "{said:?}");
        assert_eq!(project.events()?, 3, "{text}");
        let sql = format!(
            "SELECT count(*) AS n FROM attendance_event WHERE date = DATE '{first}' AND category = 'unexcused_absence'"
        );
        assert_eq!(project.number(&sql)?, 1, "{order}\n{text}");
    }
    Ok(())
}

#[test]
fn a_mapping_without_questions_reads_its_file_as_it_is() -> Outcome {
    let project = Project::new()?;
    let text = proposed(&project, &ABSENCES.replace("06/04/2024", "16/04/2024"))?;
    assert!(!text.contains("CHOOSE"), "{text}");
    assert!(text.contains("sure") || text.contains("likely"), "{text}");
    let said = project.ingest()?;
    assert_eq!(said.code, 0, "{said:?}\n{text}");
    assert_eq!(project.events()?, 3);
    Ok(())
}

#[test]
fn a_file_of_a_known_vendor_gets_its_mapping() -> Outcome {
    let project = Project::new()?;
    project.write(
        "exports/log.csv",
        "school_year,school_id,incident_id,incident_date,incident_behavior,incident_behavior_detail,student_id,discipline_action_code,discipline_action_detail,discipline_action_date,discipline_action_length,discipline_action_length_actual,log_type_id\n\
         2025,10,I1,2024-10-31,Fighting,,0412,OSS,,2024-11-01,2,2,1\n",
    )?;
    let said = project.run(&["map", "exports/log.csv", "--json", "--quiet"])?;
    assert_eq!(said.code, 0, "{said:?}");
    let json: serde_json::Value = serde_json::from_str(&said.stdout)?;
    assert!(
        json["shipped"].as_array().is_some_and(|shipped| shipped
            .iter()
            .any(|name| name == "powerschool_discipline_incidents")),
        "{json}"
    );
    Ok(())
}

#[test]
fn a_file_of_a_bundle_is_told_from_a_file_alone() -> Outcome {
    let project = Project::new()?;
    project.write(
        "exports/enrollments.csv",
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\nE1,,,C1,S1,0412,student,,2024-08-20,\n",
    )?;
    let said = project.run(&["map", "exports/enrollments.csv"])?;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains("bundle `oneroster_1_"), "{said:?}");
    assert!(said.stdout.contains("[lookup.class]"), "{said:?}");
    Ok(())
}

#[test]
fn a_table_of_two_kinds_of_people_asks_which() -> Outcome {
    let project = Project::new()?;
    project.write(
        "exports/usage.csv",
        "User ID,User Role,App ID,Usage Date,Minutes Used\n0412,Student,A1,2024-09-03,5\n900,Teacher,A1,2024-09-03,7\n",
    )?;
    let said = project.run(&["map", "exports/usage.csv"])?;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains("table = \"tool_usage\""), "{said:?}");
    assert!(
        said.stdout.contains("CHOOSE `person_type`")
            && said.stdout.contains("`User Role` holds both"),
        "{said:?}"
    );
    Ok(())
}

#[test]
fn a_file_without_a_header_is_refused_and_not_quoted() -> Outcome {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("x.csv");
    std::fs::write(&file, "0412,2024-01-09,zed@example.org\n")?;
    let refused = said(program().arg("map").arg(&file))?;
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(!refused.stderr.contains("0412"), "{refused:?}");
    Ok(())
}

#[test]
fn a_shipped_mapping_becomes_a_file_that_the_pipeline_reads() -> Outcome {
    let project = Project::new()?;
    let mapping = project.path("pipelines/mappings/sis_attendance.toml");
    let out = mapping.display().to_string();
    let said = project.run(&["map", "--shipped", "sis_attendance", "--out", &out])?;
    assert_eq!(said.code, 0, "{said:?}");
    let text = std::fs::read_to_string(&mapping)?;
    let pipeline = std::fs::read_to_string(project.path("pipelines/p.toml"))?;
    project.write(
        "pipelines/p.toml",
        pipeline.replace("scratch_attendance", "sis_attendance"),
    )?;
    project.write(
        "exports/day1.csv",
        "Day,Student_Number,School_ID,Att_Code\n2024-09-03,0001,10,EA\n",
    )?;
    let said = project.ingest()?;
    assert_eq!(said.code, 3, "{said:?}");
    // It is a file of the district's now, and nothing says how to make it one.
    assert!(!said.stderr.contains("--shipped"), "{said:?}");
    assert!(said.stderr.contains("nothing was committed"), "{said:?}");
    std::fs::write(&mapping, text.replace("\"Att_Date\"", "\"Day\""))?;
    assert_eq!(project.ingest()?.code, 0);
    assert_eq!(project.events()?, 1);
    // What is there is not written over, and a name that is not there is asked about.
    let said = project.run(&["map", "--shipped", "sis_attendance", "--out", &out])?;
    assert_eq!(said.code, 5, "{said:?}");
    let said = project.run(&["map", "--shipped", "sis_attendence"])?;
    assert_eq!(said.code, 2, "{said:?}");
    assert!(
        said.stderr.contains("did you mean `sis_attendance`?"),
        "{said:?}"
    );
    Ok(())
}
