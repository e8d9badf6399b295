//! Every canonical table, as the lake holds it. The words come from Ed-Fi 6.1, OneRoster 1.2, CEDS 14, Open
//! Badges and Caliper. A mapping can fill only these columns, and only with these words; what a vendor calls
//! them is the mapping's business.

use crate::table::{Column, Kind, Table, YearFrom};

const fn required(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        required: true,
    }
}

const fn optional(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        required: false,
    }
}

/// Grade levels: kindergarten and before by name, then `1`–`12`.
pub const GRADES: Kind = Kind::Code(&[
    "PK", "TK", "K", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "ungraded",
]);
/// What hours of training are told in. A CEU (continuing education unit) is ten clock hours by the standard of its
/// accreditor (ANSI/IACET 1); a semester hour of degree credit is fifteen.
pub const HOURS_UNIT: Kind = Kind::Code(&["clock_hours", "ceu", "degree_credit"]);
const YEAR: Kind = Kind::Integer(1990, 2100);

/// The table named `name`.
pub fn find(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

/// All canonical tables, in the order they are committed and listed.
pub static TABLES: &[Table] = &[
    Table {
        name: "school",
        grain: "school × school year",
        columns: &[
            required("school_id", Kind::Id),
            required("school_year", YEAR),
            optional("name", Kind::Text),
            optional(
                "level",
                Kind::Code(&["elementary", "middle", "high", "combined", "other"]),
            ),
            optional("locale", Kind::Text),
        ],
        key: &["school_id", "school_year"],
        year: YearFrom::Column,
    },
    Table {
        name: "academic_session",
        grain: "term",
        columns: &[
            required("session_id", Kind::Id),
            required("school_year", YEAR),
            optional("name", Kind::Text),
            optional(
                "session_type",
                Kind::Code(&["year", "semester", "trimester", "quarter", "term"]),
            ),
            required("begin_date", Kind::Date),
            required("end_date", Kind::Date),
        ],
        key: &["session_id", "school_year"],
        year: YearFrom::Column,
    },
    Table {
        name: "calendar_day",
        grain: "school × date",
        columns: &[
            required("school_id", Kind::Id),
            required("date", Kind::Date),
            required("is_instructional", Kind::Flag),
        ],
        key: &["school_id", "date"],
        year: YearFrom::Date("date"),
    },
    Table {
        name: "student",
        grain: "student × school year",
        columns: &[
            required("student_id", Kind::StudentId),
            required("school_year", YEAR),
            required("grade_level", GRADES),
            optional(
                "gender",
                Kind::Code(&["female", "male", "nonbinary", "unknown"]),
            ),
            optional(
                "race_ethnicity",
                Kind::Code(&[
                    "american_indian",
                    "asian",
                    "black",
                    "hispanic",
                    "pacific_islander",
                    "two_or_more",
                    "white",
                    "unknown",
                ]),
            ),
            optional("economically_disadvantaged", Kind::Flag),
            optional("english_learner", Kind::Flag),
            optional("disability", Kind::Flag),
            optional("homeless", Kind::Flag),
        ],
        key: &["student_id", "school_year"],
        year: YearFrom::Column,
    },
    Table {
        name: "student_identity",
        grain: "student × ID system",
        columns: &[
            required("student_id", Kind::StudentId),
            required("id_system", Kind::Id),
            required("system_student_id", Kind::StudentId),
            optional("begin_date", Kind::Date),
            optional("end_date", Kind::Date),
        ],
        key: &["id_system", "system_student_id", "student_id", "begin_date"],
        year: YearFrom::Never,
    },
    Table {
        name: "student_school",
        grain: "student × school × entry",
        columns: &[
            required("student_id", Kind::StudentId),
            required("school_id", Kind::Id),
            optional("grade_level", GRADES),
            required("entry_date", Kind::Date),
            optional("exit_date", Kind::Date),
            optional("exit_reason", Kind::Text),
            optional("no_show", Kind::Flag),
            optional("exit_exclusive", Kind::Flag),
        ],
        key: &["student_id", "school_id", "entry_date"],
        year: YearFrom::Date("entry_date"),
    },
    Table {
        name: "staff",
        grain: "staff member × school year × school",
        columns: &[
            required("staff_id", Kind::StaffId),
            required("school_year", YEAR),
            optional("school_id", Kind::Id),
            required(
                "role",
                Kind::Code(&[
                    "teacher",
                    "paraprofessional",
                    "specialist",
                    "administrator",
                    "trainer",
                    "other",
                ]),
            ),
            optional("years_experience", Kind::Number(0.0, 70.0)),
            optional(
                "highest_degree",
                Kind::Code(&["none", "associate", "bachelor", "master", "doctorate"]),
            ),
            optional("hire_date", Kind::Date),
        ],
        key: &["staff_id", "school_year", "school_id"],
        year: YearFrom::Column,
    },
    Table {
        name: "staff_identity",
        grain: "staff member × ID system",
        columns: &[
            required("staff_id", Kind::StaffId),
            required("id_system", Kind::Id),
            required("system_staff_id", Kind::StaffId),
            optional("begin_date", Kind::Date),
            optional("end_date", Kind::Date),
        ],
        key: &["id_system", "system_staff_id", "staff_id", "begin_date"],
        year: YearFrom::Never,
    },
    Table {
        name: "section",
        grain: "class × school year × school × term",
        columns: &[
            required("section_id", Kind::Id),
            required("school_year", YEAR),
            required("school_id", Kind::Id),
            optional("course_code", Kind::Id),
            optional("course_name", Kind::Text),
            required(
                "subject",
                Kind::Code(&[
                    "homeroom",
                    "math",
                    "reading",
                    "science",
                    "social_studies",
                    "arts",
                    "physical_education",
                    "world_language",
                    "other",
                ]),
            ),
            optional("session_id", Kind::Id),
        ],
        key: &["section_id", "school_year", "school_id", "session_id"],
        year: YearFrom::Column,
    },
    Table {
        name: "student_section",
        grain: "student × class × enrollment",
        columns: &[
            required("student_id", Kind::StudentId),
            required("section_id", Kind::Id),
            optional("school_id", Kind::Id),
            required("begin_date", Kind::Date),
            optional("end_date", Kind::Date),
        ],
        key: &["student_id", "section_id", "school_id", "begin_date"],
        year: YearFrom::Date("begin_date"),
    },
    Table {
        name: "staff_section",
        grain: "staff member × class × assignment",
        columns: &[
            required("staff_id", Kind::StaffId),
            required("section_id", Kind::Id),
            optional("school_id", Kind::Id),
            required("begin_date", Kind::Date),
            optional("end_date", Kind::Date),
            optional("contribution", Kind::Number(0.0, 1.0)),
            optional("staff_role", Kind::Code(&["lead", "co_teacher", "support"])),
        ],
        key: &["staff_id", "section_id", "school_id", "begin_date"],
        year: YearFrom::Date("begin_date"),
    },
    Table {
        name: "attendance_event",
        grain: "student × date (× period) × school",
        columns: &[
            required("student_id", Kind::StudentId),
            required("date", Kind::Date),
            optional("period", Kind::Id),
            optional("school_id", Kind::Id),
            required(
                "category",
                Kind::Code(&[
                    "present",
                    "excused_absence",
                    "unexcused_absence",
                    "suspension_absence",
                    "tardy",
                    "early_departure",
                ]),
            ),
            optional("minutes", Kind::Number(0.0, 1440.0)),
            optional("style", Kind::Code(&["every_day", "exceptions"])),
        ],
        key: &["student_id", "date", "period", "school_id"],
        year: YearFrom::Date("date"),
    },
    Table {
        name: "discipline_incident",
        grain: "incident × student",
        columns: &[
            required("incident_id", Kind::Id),
            required("student_id", Kind::StudentId),
            required("date", Kind::Date),
            optional("school_id", Kind::Id),
            required("behavior", Kind::Text),
            optional("severity", Kind::Code(&["minor", "major"])),
        ],
        key: &["incident_id", "student_id", "school_id"],
        year: YearFrom::Date("date"),
    },
    Table {
        name: "discipline_action",
        grain: "action × student",
        columns: &[
            optional("action_id", Kind::Id),
            optional("incident_id", Kind::Id),
            required("student_id", Kind::StudentId),
            required(
                "action",
                Kind::Code(&[
                    "conference",
                    "detention",
                    "in_school_suspension",
                    "out_of_school_suspension",
                    "expulsion",
                    "other",
                ]),
            ),
            required("begin_date", Kind::Date),
            optional("days", Kind::Number(0.0, 366.0)),
        ],
        key: &[
            "action_id",
            "incident_id",
            "student_id",
            "action",
            "begin_date",
        ],
        year: YearFrom::Date("begin_date"),
    },
    Table {
        name: "assessment_result",
        grain: "student × assessment × form × subject × grade of the test × date",
        columns: &[
            required("student_id", Kind::StudentId),
            required("assessment", Kind::Id),
            optional("form", Kind::Id),
            required(
                "subject",
                Kind::Code(&["math", "reading", "science", "other"]),
            ),
            required("date", Kind::Date),
            optional("grade_level", GRADES),
            optional("enrolled_grade_level", GRADES),
            required("scale_score", Kind::Number(-10000.0, 100000.0)),
            optional("standard_error", Kind::Number(0.0, 10000.0)),
            optional("percentile", Kind::Number(0.0, 100.0)),
            optional("performance_level", Kind::Text),
            optional("is_growth_measure", Kind::Flag),
            optional(
                "test_status",
                Kind::Code(&["valid", "rushed", "invalid", "practice"]),
            ),
        ],
        key: &[
            "student_id",
            "assessment",
            "form",
            "subject",
            "grade_level",
            "date",
        ],
        year: YearFrom::Date("date"),
    },
    Table {
        name: "course_mark",
        grain: "student × class or course × school × term",
        columns: &[
            required("student_id", Kind::StudentId),
            optional("section_id", Kind::Id),
            optional("course_code", Kind::Id),
            optional("school_id", Kind::Id),
            required("school_year", YEAR),
            required("term", Kind::Id),
            optional("mark", Kind::Text),
            optional("mark_points", Kind::Number(0.0, 100.0)),
            optional("credits_attempted", Kind::Number(0.0, 100.0)),
            optional("credits_earned", Kind::Number(0.0, 100.0)),
        ],
        key: &[
            "student_id",
            "section_id",
            "course_code",
            "school_id",
            "school_year",
            "term",
        ],
        year: YearFrom::Column,
    },
    Table {
        name: "pd_activity",
        grain: "PD event or course",
        columns: &[
            required("activity_id", Kind::Id),
            required("title", Kind::Text),
            required("program", Kind::Id),
            optional("topic", Kind::Text),
            optional("provider", Kind::Text),
            required(
                "mode",
                Kind::Code(&["in_person", "online", "hybrid", "coaching"]),
            ),
            optional("is_required", Kind::Flag),
            optional("hours", Kind::Number(0.0, 10000.0)),
            optional("hours_unit", HOURS_UNIT),
            optional("cost_per_participant", Kind::Number(0.0, 1000000.0)),
            optional("funding_source", Kind::Text),
            optional("begin_date", Kind::Date),
            optional("end_date", Kind::Date),
        ],
        key: &["activity_id"],
        year: YearFrom::Never,
    },
    Table {
        name: "pd_participation",
        grain: "person × activity × session × date × status",
        columns: &[
            required("person_id", Kind::PersonId),
            required("person_type", Kind::Code(&["staff", "student"])),
            required("activity_id", Kind::Id),
            optional("session_id", Kind::Id),
            required("date", Kind::Date),
            required(
                "status",
                Kind::Code(&["completed", "attended", "enrolled", "withdrawn", "no_show"]),
            ),
            optional("hours", Kind::Number(0.0, 10000.0)),
            optional("hours_unit", HOURS_UNIT),
        ],
        key: &[
            "person_id",
            "activity_id",
            "session_id",
            "date",
            "status",
            "hours_unit",
        ],
        year: YearFrom::Date("date"),
    },
    Table {
        name: "lottery_entry",
        grain: "person × program × draw",
        columns: &[
            required("person_id", Kind::PersonId),
            required("person_type", Kind::Code(&["staff", "student"])),
            required("program", Kind::Id),
            required("drawn_date", Kind::Date),
            required("offered", Kind::Flag),
        ],
        key: &["person_id", "program", "drawn_date"],
        year: YearFrom::Date("drawn_date"),
    },
    Table {
        name: "credential_award",
        grain: "person × badge or certificate",
        columns: &[
            required("person_id", Kind::PersonId),
            required("person_type", Kind::Code(&["staff", "student"])),
            required("credential_id", Kind::Id),
            optional("name", Kind::Text),
            required("framework", Kind::Id),
            optional("level", Kind::Text),
            required("issued_date", Kind::Date),
            optional("expires_date", Kind::Date),
            optional("revoked_date", Kind::Date),
        ],
        key: &["person_id", "credential_id", "issued_date"],
        year: YearFrom::Date("issued_date"),
    },
    Table {
        name: "tool",
        grain: "application",
        columns: &[
            required("tool_id", Kind::Id),
            required("name", Kind::Text),
            optional("vendor", Kind::Text),
            optional("category", Kind::Text),
        ],
        key: &["tool_id"],
        year: YearFrom::Never,
    },
    Table {
        name: "tool_license",
        grain: "application × school × period",
        columns: &[
            required("tool_id", Kind::Id),
            optional("school_id", Kind::Id),
            optional("seats", Kind::Number(0.0, 10000000.0)),
            optional("cost", Kind::Number(0.0, 1000000000.0)),
            required("begin_date", Kind::Date),
            optional("end_date", Kind::Date),
        ],
        key: &["tool_id", "school_id", "begin_date"],
        year: YearFrom::Date("begin_date"),
    },
    Table {
        name: "tool_usage",
        grain: "user × application × date",
        columns: &[
            required("person_id", Kind::PersonId),
            required("person_type", Kind::Code(&["staff", "student"])),
            required("tool_id", Kind::Id),
            required("date", Kind::Date),
            optional("minutes", Kind::Number(0.0, 1440.0)),
            optional("activities", Kind::Number(0.0, 100000.0)),
        ],
        key: &["person_id", "tool_id", "date"],
        year: YearFrom::Date("date"),
    },
    Table {
        name: "support_ticket",
        grain: "ticket",
        columns: &[
            required("ticket_id", Kind::Id),
            required("opened_date", Kind::Date),
            optional("closed_date", Kind::Date),
            optional("school_id", Kind::Id),
            optional("category", Kind::Text),
            optional("tool_id", Kind::Id),
        ],
        key: &["ticket_id"],
        year: YearFrom::Date("opened_date"),
    },
    Table {
        name: "device",
        grain: "device",
        columns: &[
            required("device_id", Kind::Id),
            optional("student_id", Kind::StudentId),
            optional("school_id", Kind::Id),
            optional("model", Kind::Text),
            optional("assigned_date", Kind::Date),
            optional("returned_date", Kind::Date),
        ],
        key: &["device_id"],
        year: YearFrom::Never,
    },
    Table {
        name: "program_participation",
        grain: "student × program × begin",
        columns: &[
            required("student_id", Kind::StudentId),
            required("program", Kind::Id),
            required("begin_date", Kind::Date),
            optional("end_date", Kind::Date),
        ],
        key: &["student_id", "program", "begin_date"],
        year: YearFrom::Date("begin_date"),
    },
    Table {
        name: "school_plan_goal",
        grain: "goal",
        columns: &[
            required("goal_id", Kind::Id),
            required("school_year", YEAR),
            optional("school_id", Kind::Id),
            optional("measure", Kind::Text),
            optional("target", Kind::Number(-1000000.0, 1000000.0)),
            optional("statement", Kind::Text),
        ],
        key: &["goal_id", "school_year"],
        year: YearFrom::Column,
    },
    Table {
        name: "reject",
        grain: "rejected row (or cell) of an export; made by the reader, never mapped",
        columns: &[
            required("source", Kind::Id),
            required("file", Kind::Text),
            required("line", Kind::Integer(0, i32::MAX)),
            optional("column", Kind::Text),
            required("rule", Kind::Id),
            optional("shape", Kind::Text),
        ],
        key: &["file", "line", "column", "rule"],
        year: YearFrom::Never,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_year_columns_exist() {
        for table in TABLES {
            for key in table.key {
                assert!(table.column(key).is_some(), "{}.{key}", table.name);
            }
            match table.year {
                YearFrom::Column => {
                    assert!(table.column("school_year").is_some(), "{}", table.name)
                }
                YearFrom::Date(date) => {
                    assert_eq!(
                        table.column(date).map(|c| c.kind),
                        Some(Kind::Date),
                        "{}",
                        table.name
                    );
                }
                YearFrom::Never => assert!(table.column("school_year").is_none(), "{}", table.name),
            }
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = TABLES.iter().map(|table| table.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLES.len());
    }
}
