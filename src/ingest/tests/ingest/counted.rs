//! What shipped mappings read that decides what counts: units, flags of tests, actions with no or several incidents, blank codes.

use throughline_ingest::Ingested;
use throughline_model::builtin;

use crate::kit::{Project, column};

fn shipped(mapping: &str, file: &str, text: &str) -> (Project, Ingested) {
    let found = builtin::mappings()
        .iter()
        .find(|(name, _)| *name == mapping);
    let mut project = Project::new(found.expect("a mapping").1);
    project.sources[0].pattern = file.to_owned();
    project.write(file, text);
    let ingested = project.ingest().unwrap_or_else(|error| panic!("{error}"));
    assert!(ingested.counts.iter().all(|count| count.balances()));
    assert!(ingested.warnings.is_empty(), "{:?}", ingested.warnings);
    (project, ingested)
}

/// Column `name` of what a shipped mapping reads.
fn read(mapping: &str, table: &str, text: &str, names: &[&str]) -> Vec<Vec<String>> {
    let (project, ingested) = shipped(mapping, "export.csv", text);
    let rows = project.rows(&ingested, table);
    names.iter().map(|name| column(&rows, name)).collect()
}

fn xml_action(id: &str, disciplines: &[&str], incidents: &[&str]) -> String {
    let disciplines: String = disciplines
        .iter()
        .map(|word| format!("<Discipline>uri://ed-fi.org/DisciplineDescriptor#{word}</Discipline>"))
        .collect();
    let incidents: String = incidents
        .iter()
        .map(|incident| {
            format!(
                "<StudentDisciplineIncidentBehaviorAssociationReference><StudentDisciplineIncidentBehaviorAssociationIdentity>\
                 <DisciplineIncidentReference><DisciplineIncidentIdentity><IncidentIdentifier>{incident}</IncidentIdentifier>\
                 </DisciplineIncidentIdentity></DisciplineIncidentReference>\
                 </StudentDisciplineIncidentBehaviorAssociationIdentity></StudentDisciplineIncidentBehaviorAssociationReference>"
            )
        })
        .collect();
    format!(
        "<DisciplineAction><DisciplineActionIdentifier>{id}</DisciplineActionIdentifier>{disciplines}\
         <DisciplineDate>2024-10-04</DisciplineDate><DisciplineActionLength>2.5</DisciplineActionLength>\
         <StudentReference><StudentIdentity><StudentUniqueId>100</StudentUniqueId></StudentIdentity></StudentReference>\
         {incidents}</DisciplineAction>\n"
    )
}

#[test]
fn an_action_of_ed_fi_follows_no_incident_or_several_and_counts_once() {
    let actions = [
        xml_action("A1", &["Detention"], &["I1", "I2"]),
        xml_action("A2", &["Detention"], &[]),
        xml_action(
            "A3",
            &["Conference", "Expulsion", "Detention"],
            &["I3", "I3"],
        ),
        xml_action("A4", &["Community Service", "Conference"], &["I4"]),
    ];
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InterchangeStudentDiscipline xmlns=\"http://ed-fi.org/5.0.0\">\n{}</InterchangeStudentDiscipline>\n",
        actions.concat()
    );
    let (project, ingested) = shipped("edfi_xml_discipline_actions", "a.xml", &text);
    let rows = project.rows(&ingested, "discipline_action");
    assert_eq!(column(&rows, "action_id"), ["A1", "A2", "A3", "A4"]);
    assert_eq!(column(&rows, "incident_id"), ["I1", "null", "I3", "I4"]);
    assert_eq!(
        column(&rows, "action"),
        ["detention", "detention", "expulsion", "conference"]
    );
    assert_eq!(column(&rows, "days"), ["2.5", "2.5", "2.5", "2.5"]);
}

#[test]
fn an_action_of_the_ed_fi_api_reads_as_the_interchange_does() {
    let action = |id: &str, incidents: &str, disciplines: &str| {
        format!(
            "{{\"disciplineActionIdentifier\":\"{id}\",\"disciplineDate\":\"2024-10-04\",\"studentReference\":{{\"studentUniqueId\":\"100\"}},\
             \"actualDisciplineActionLength\":1.5,\"disciplineActionLength\":3,\"disciplines\":[{disciplines}],\
             \"studentDisciplineIncidentBehaviorAssociations\":[{incidents}]}}"
        )
    };
    let incident = |id: &str| {
        format!(
            "{{\"studentDisciplineIncidentBehaviorAssociationReference\":{{\"incidentIdentifier\":\"{id}\",\"schoolId\":55}}}}"
        )
    };
    let discipline = |word: &str| {
        format!("{{\"disciplineDescriptor\":\"uri://ed-fi.org/DisciplineDescriptor#{word}\"}}")
    };
    let several = [incident("I1"), incident("I2")].join(",");
    let two = [discipline("Detention"), discipline("In School Suspension")].join(",");
    let text = [
        action("A1", &several, &discipline("Expulsion")),
        action("A2", "", &two),
    ];
    let (project, ingested) = shipped("edfi_json_discipline_actions", "a.json", &text.join("\n"));
    let rows = project.rows(&ingested, "discipline_action");
    assert_eq!(column(&rows, "action_id"), ["A1", "A2"]);
    assert_eq!(column(&rows, "incident_id"), ["I1", "null"]);
    assert_eq!(
        column(&rows, "action"),
        ["expulsion", "in_school_suspension"]
    );
    assert_eq!(column(&rows, "days"), ["1.5", "1.5"]);
}

#[test]
fn the_blank_code_of_powerschool_is_presence() {
    let text = "id,student_id,school_id,school_year,attendance_date,attendance_code,attendance_code_description\n\
        1,7,101,33,2023-08-14,,Present\n2,7,101,33,2023-08-15,UA,Unexcused\n3,7,101,33,2023-08-16, ,Present\n";
    let found = read(
        "powerschool_attendance",
        "attendance_event",
        text,
        &["category"],
    );
    assert_eq!(found[0], ["present", "unexcused_absence", "present"]);
}

#[test]
fn credits_have_units() {
    let text = "Employee ID,Activity ID,Activity Start Date,Completion Date,Activity Status,Credit Hours,Credit Type\n\
        7,A,,09/26/2023,Completed,6,Clock Hours\n7,B,,09/26/2023,Completed,0.6,CEU\n7,C,,09/26/2023,Completed,1,Semester Hours\n\
        7,D,,09/26/2023,Completed,2,PDH\n7,E,,09/26/2023,Completed,3,\n7,F,,09/26/2023,Completed,1,Quarter Hours\n";
    let found = read(
        "frontline_pd_transcript",
        "pd_participation",
        text,
        &["hours", "hours_unit"],
    );
    assert_eq!(found[0], ["6.0", "0.6", "1.0", "2.0", "3.0", "1.0"]);
    assert_eq!(
        found[1],
        [
            "clock_hours",
            "ceu",
            "degree_credit",
            "clock_hours",
            "null",
            "ceu"
        ]
    );
}

#[test]
fn flags_of_tests_are_read() {
    let text = "Student ID,Student Grade,Completion Date,Norming Window,Rush Flag,Overall Scale Score,Percentile,Overall Relative Placement\n\
        1,5,04/15/2024,Spring,,500,50,Early\n2,5,04/15/2024,Spring,Red Rush Flag,380,2,Below\n3,5,04/15/2024,Spring,Yellow,400,2,Below\n";
    let found = read(
        "iready_diagnostic_math",
        "assessment_result",
        text,
        &["test_status"],
    );
    assert_eq!(found[0], ["valid", "rushed", "rushed"]);

    let text = "School Year,Student Primary ID,Enrollment Grade,Assessment Grade,Benchmark Period,Client Date,Composite Score,Composite - National Norm Percentile,Composite Level\n\
        2023-2024,1,3,1,EOY,2024-04-16,455,80,Above\n2023-2024,2,K,KG,EOY,2024-04-16,400,50,At\n";
    let names = ["grade_level", "enrolled_grade_level"];
    let found = read("dibels_8", "assessment_result", text, &names);
    assert_eq!(found[0], ["1", "K"]);
    assert_eq!(found[1], ["3", "K"]);

    let text = "TermName,StudentID,Subject,GrowthMeasureYN,TestStartDate,TestRITScore,TestStandardError,TestPercentile\n\
        Spring 2023-2024,1,Mathematics,TRUE,04/10/2024,210,3.0,60\nSpring 2023-2024,2,Mathematics,FALSE,04/24/2024,170,3.6,3\n";
    let found = read(
        "nwea_map_growth",
        "assessment_result",
        text,
        &["is_growth_measure"],
    );
    assert_eq!(found[0], ["true", "false"]);

    let text = "SSID,Subject,TestDate,GradeLevelWhenAssessed,ScaleScore,ScaleScoreStandardError,AchievementLevel,AdministrationCondition,AssessmentType\n\
        1,Math,05/06/2024,05,2480,25,2,Valid,Summative\n2,Math,05/06/2024,05,2481,25,2,IN,Summative\n3,Math,02/06/2024,05,2300,25,2,SD,ICA\n";
    let found = read(
        "smarter_balanced",
        "assessment_result",
        text,
        &["scale_score", "test_status"],
    );
    assert_eq!(
        found[0],
        ["2480.0"],
        "the invalid and the interim test are no results"
    );
    assert_eq!(found[1], ["valid"]);
}

/// One student in one incident is reported by the most serious behavior, whichever row comes first.
#[test]
fn the_most_serious_behavior_of_an_incident_stands() {
    let header = "incidentID,studentNumber,incidentDate,schoolNumber,eventName\n";
    let (mild, grave) = (
        "7,1,10/02/2024,101,Disruption of class\n",
        "7,1,10/02/2024,101,Fighting (mutual)\n",
    );
    for rows in [[mild, grave], [grave, mild]] {
        let text = format!("{header}{}", rows.concat());
        let file = "export.csv";
        let (project, ingested) = shipped("infinite_campus_discipline_incidents", file, &text);
        let rows = project.rows(&ingested, "discipline_incident");
        assert_eq!(column(&rows, "behavior"), ["Fighting (mutual)"]);
        let count = &ingested.counts[0];
        assert_eq!((count.conflict, count.unsettled), (1, 0));
    }
}

/// NWEA's rule: one test of a student, term and subject, the growth measure or else the one with the smaller standard error.
#[test]
fn one_map_test_of_a_term_counts() {
    let header = "TermName,StudentID,Subject,GrowthMeasureYN,TestStartDate,TestRITScore,TestStandardError,TestPercentile\n";
    let rows = [
        "Spring 2023-2024,1,Mathematics,TRUE,04/10/2024,210,3.4,60\n",
        "Spring 2023-2024,1,Mathematics,FALSE,04/24/2024,170,3.1,3\n",
        "Spring 2023-2024,2,Mathematics,,04/10/2024,205,3.1,60\n",
        "Spring 2023-2024,2,Mathematics,,04/24/2024,190,3.6,3\n",
        "Fall 2023-2024,1,Mathematics,TRUE,09/10/2023,201,3.0,60\n",
        "Spring 2023-2024,1,Reading,TRUE,04/10/2024,211,3.0,60\n",
    ];
    let mut backward = rows;
    backward.reverse();
    for rows in [rows, backward] {
        let text = format!("{header}{}", rows.concat());
        let (project, ingested) = shipped("nwea_map_growth", "export.csv", &text);
        let kept = project.rows(&ingested, "assessment_result");
        let mut scores = column(&kept, "scale_score");
        scores.sort();
        assert_eq!(scores, ["201.0", "205.0", "210.0", "211.0"]);
        let count = &ingested.counts[0];
        assert_eq!((count.conflict, count.unsettled), (2, 0));
    }
}

/// A test again on the same day gives way where it was rushed; where neither was, nobody says which counts.
#[test]
fn a_rushed_test_gives_way_on_its_day() {
    let header = "Student ID,Student Grade,Completion Date,Norming Window,Rush Flag,Overall Scale Score,Percentile,Overall Relative Placement\n";
    let text = format!(
        "{header}1,5,04/15/2024,Spring,,500,50,Early\n1,5,04/15/2024,Spring,Red Rush Flag,380,2,Below\n\
         2,5,04/15/2024,Spring,,504,50,Early\n2,5,04/15/2024,Spring,,504,50,Early\n\
         3,5,04/15/2024,Spring,,508,50,Early\n3,5,04/15/2024,Spring,,512,50,Early\n"
    );
    let (project, ingested) = shipped("iready_diagnostic_math", "export.csv", &text);
    let kept = project.rows(&ingested, "assessment_result");
    assert_eq!(column(&kept, "scale_score")[..2], ["500.0", "504.0"]);
    let count = &ingested.counts[0];
    assert_eq!(
        (count.kept, count.duplicate, count.conflict, count.unsettled),
        (3, 1, 2, 1)
    );
}

/// Accesses of two resources with one name add up; equal rows of one resource are a copy.
#[test]
fn accesses_of_resources_add_up() {
    let header = "date,sis_id,clever_user_id,clever_school_id,school_name,resource_type,resource_name,resource_id,num_access\n";
    let text = format!(
        "{header}2024-09-03,1,u,s,S,application,Maths,r1,3\n2024-09-03,1,u,s,S,application,Maths,r1,3\n\
         2024-09-03,1,u,s,S,link,Maths,r2,3\n2024-09-03,2,u,s,S,application,Maths,r1,4\n"
    );
    let (project, ingested) = shipped("clever_resource_usage", "export.csv", &text);
    let kept = project.rows(&ingested, "tool_usage");
    assert_eq!(column(&kept, "activities"), ["6.0", "4.0"]);
}
