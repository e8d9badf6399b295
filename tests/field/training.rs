//! Hours of training, awards, and use of tools.

use serde_json::json;

use super::district::{District, Read, student};
use crate::project::Outcome;

const CATALOG: &str = "CourseID,Title,ProgramCode,Topic,Provider,Delivery,Required,CreditHours,Fee,FundingSource,FirstSession,LastSession";
const SEPTEMBER: [&str; 4] = ["2023-09-05", "2023-09-12", "2023-09-19", "2023-09-26"];

/// Hours in the program, by line of the staff file, as a measure of a district's own would add them up.
fn hours(read: &Read, expected: &[(i64, f64)]) -> Outcome {
    let sql = "SELECT t.source_line AS line, v.value FROM (SELECT coalesce(a.staff_id, p.person_id) AS staff_id, \
        CAST(sum(CAST(coalesce(p.hours, c.hours, 0.0) AS DECIMAL(12, 4))) AS DOUBLE) AS value \
        FROM pd_participation p JOIN pd_activity c ON c.activity_id = p.activity_id \
        LEFT JOIN staff_alias a ON a.system_staff_id = p.person_id AND CAST(p.date AS INT) BETWEEN a.from_day AND a.to_day \
        WHERE c.program = 'LIT' AND p.status IN ('completed', 'attended') GROUP BY 1) v \
        JOIN staff t ON t.staff_id = v.staff_id ORDER BY 1";
    let rows = expected
        .iter()
        .map(|(line, value)| json!({ "line": line, "value": value }));
    read.gives(sql, rows.collect())
}

fn trained(hours: &str, rows: Vec<String>) -> District {
    let course = format!("C-1,Course,LIT,x,District,In person,No,{hours},0,,2023-09-01,2023-12-01");
    District::new()
        .staff()
        .export("catalog", "pd_catalog", CATALOG, vec![course])
        .export(
            "pd",
            "pd_transcript",
            "Login,CourseID,SessionDate,Outcome,Hours",
            rows,
        )
}

#[test]
fn a_course_counts_once_however_it_is_written() -> Outcome {
    // Sessions and a completion; the course's hours at each session; sessions without hours: 12 hours each time.
    let mut rows = vec!["uE1,C-1,2023-10-01,Completed,12".to_owned()];
    for on in SEPTEMBER {
        rows.push(format!("uE1,C-1,{on},Attended,3"));
        rows.push(format!("uE2,C-1,{on},Attended,12"));
        rows.push(format!("uE3,C-1,{on},Attended,"));
    }
    let read = trained("12", rows).read()?;
    hours(&read, &[(2, 12.0), (3, 12.0), (4, 12.0)])
}

#[test]
fn two_equal_sessions_of_one_day_are_two() -> Outcome {
    let session = || "uE1,C-1,2023-10-02,Attended,3".to_owned();
    hours(
        &trained("12", vec![session(), session()]).read()?,
        &[(2, 6.0)],
    )
}

#[test]
fn units_of_credit_become_clock_hours() -> Outcome {
    // 0.6 CEU are 6 hours; 3 semester credits are 45; 6 hours that stand as 0.6 CEU as well are 6.
    let rows = [
        "E1,0.6,CEU",
        "E2,3,Semester Credit",
        "E3,6,Clock Hours",
        "E3,0.6,CEU",
    ];
    let rows = rows.map(|row| {
        let (person, credit) = row.split_once(',').unwrap_or_default();
        format!("{person},C-1,09/26/2023,Completed,{credit}")
    });
    let course = "C-1,Course,LIT,x,District,In person,No,,0,,2023-09-01,2023-12-01".to_owned();
    let read = District::new()
        .staff()
        .export("catalog", "pd_catalog", CATALOG, vec![course])
        .export(
            "pd",
            "frontline_pd_transcript",
            "Employee ID,Activity ID,Completion Date,Activity Status,Credit Hours,Credit Type",
            rows.to_vec(),
        )
        .read()?;
    hours(&read, &[(2, 6.0), (3, 45.0), (4, 6.0)])
}

#[test]
fn an_email_address_is_one_in_capitals_and_with_a_space() -> Outcome {
    let mails = r#"
vendor = "Any"
table = "staff_identity"
id_system = "hr"
[columns]
staff_id = { from = "EmployeeID" }
id_system = { value = "email" }
system_staff_id = { from = "Mail", id_system = "email" }
"#;
    let award = |mail: &str| format!("T1,Badge,{mail},2023-07-01,,accepted");
    let read = District::new()
        .staff()
        .mapping("mails", mails)
        .export(
            "mails",
            "mails",
            "EmployeeID,Mail",
            (1..=3).map(|n| format!("E{n},e{n}@d.org")).collect(),
        )
        .export(
            "badges",
            "credly",
            "Badge Template ID,Badge Name,Issued To Email,Issued At,Expires At,State",
            ["E1@D.org", "e2@d.org ", "e3@d.org"].map(award).to_vec(),
        )
        .read()?;
    read.gives(
        "SELECT count(*) AS n FROM credential_award w JOIN staff_alias a ON a.system_staff_id = w.person_id",
        json!([{ "n": 3 }]),
    )
}

#[test]
fn resources_and_subjects_of_one_tool_add_up() -> Outcome {
    // Clever: one application through two resources; i-Ready: both subjects of a week.
    let clever = |resource: &str, number: &str| {
        format!(
            "2023-10-02,{},c,s,S,app,Zearn,{resource},{number}",
            student(0)
        )
    };
    let week = |subject: &str, minutes: &str| {
        format!("{},{subject},09/04/2023,09/10/2023,{minutes},3", student(0))
    };
    let read = District::new()
        .export(
            "clever",
            "clever_resource_usage",
            "date,sis_id,clever_user_id,clever_school_id,school_name,resource_type,resource_name,resource_id,num_access",
            vec![clever("r1", "3"), clever("r2", "4")],
        )
        .export(
            "iready",
            "iready_instruction",
            "Student ID,Subject,Date Range Start,Date Range End,Total Lesson Time on Task (min),Lessons Completed",
            vec![week("Math", "35"), week("Reading", "40")],
        )
        .read()?;
    read.gives(
        "SELECT tool_id, sum(activities) AS activities, sum(minutes) AS minutes FROM tool_usage GROUP BY 1 ORDER BY 1",
        json!([{ "tool_id": "Zearn", "activities": 7.0 }, { "tool_id": "iready", "activities": 6.0, "minutes": 75.0 }]),
    )
}
