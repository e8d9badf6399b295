//! A district of 28 students in two schools, 180 days of school, and whatever a test adds to it.

use std::error::Error;
use std::fmt::Write as _;

use chrono::{Datelike, Duration, NaiveDate};
use serde_json::Value;

use crate::project::{Outcome, Project, Said, program, said};

/// Students of the district; student `n` is on line `n + 2` of the student file.
pub(crate) const STUDENTS: usize = 28;

/// One export.
struct Export {
    id: String,
    mapping: &'static str,
    header: &'static str,
    /// Lines of each file.
    files: Vec<Vec<String>>,
    options: String,
}

/// A district in the making.
pub(crate) struct District {
    exports: Vec<Export>,
    mappings: Vec<(&'static str, &'static str)>,
}

/// A district that was read.
pub(crate) struct Read {
    project: Project,
    said: Said,
}

/// Day `n` of school, from 0 to 179.
pub(crate) fn day(n: usize) -> NaiveDate {
    school_days().0[n]
}

/// The last day of school.
pub(crate) fn last() -> NaiveDate {
    day(179)
}

/// A weekday without school.
pub(crate) fn holiday(n: usize) -> NaiveDate {
    school_days().1[n]
}

/// 180 days from 14 August 2023, Monday to Friday; no school in Thanksgiving week and for two weeks of winter.
fn school_days() -> (Vec<NaiveDate>, Vec<NaiveDate>) {
    let mut date = NaiveDate::from_ymd_opt(2023, 8, 14).unwrap_or_default();
    let (mut open, mut closed) = (Vec::new(), Vec::new());
    while open.len() < 180 {
        if date.weekday().num_days_from_monday() < 5 {
            let thanksgiving = date.month() == 11 && (20..=24).contains(&date.day());
            let winter = date.month() == 12 && date.day() >= 18;
            if thanksgiving || winter {
                closed.push(date);
            } else {
                open.push(date);
            }
        }
        date += Duration::days(1);
    }
    (open, closed)
}

/// A date as `05/31/2024`.
pub(crate) fn us(date: NaiveDate) -> String {
    date.format("%m/%d/%Y").to_string()
}

/// A date as `31-May-2024`.
pub(crate) fn dmy(date: NaiveDate) -> String {
    date.format("%d-%b-%Y").to_string()
}

/// The ID of student `n`.
pub(crate) fn student(n: usize) -> String {
    format!("{:07}", 7100 + n)
}

/// The school of student `n`.
pub(crate) fn school(n: usize) -> &'static str {
    if n.is_multiple_of(2) { "0101" } else { "0202" }
}

impl District {
    /// Schools, calendar, students and enrollment for the whole year; exceptions-only attendance, where all but the first two
    /// students have two absences.
    pub(crate) fn new() -> Self {
        let schools = ["0101", "0202"];
        let everyone = || (0..STUDENTS).map(|n| (student(n), school(n)));
        let (open, closed) = school_days();
        let mut calendar = Vec::new();
        for school in schools {
            calendar.extend(open.iter().map(|date| format!("{school},{},1", us(*date))));
            calendar.extend(
                closed
                    .iter()
                    .map(|date| format!("{school},{},0", us(*date))),
            );
        }
        let mut absent = Vec::new();
        for n in 2..STUDENTS {
            for k in [3 * n, 3 * n + 90] {
                absent.push(format!("{},{},{},UA", day(k % 180), student(n), school(n)));
            }
        }
        Self {
            exports: Vec::new(),
            mappings: Vec::new(),
        }
        .export(
            "schools",
            "sis_schools",
            "School_ID,School_Name,School_Year,Low_Grade,High_Grade,School_Type,Locale",
            schools.map(|school| format!("{school},S,2024,KG,05,ES,suburb")).to_vec(),
        )
        .export("calendar", "sis_calendar", "School_ID,Date_Value,In_Session", calendar)
        .export(
            "students",
            "sis_students",
            "Student_Number,School_Year,Last_Name,First_Name,DOB,Grade_Level,Gender,Ethnicity,Lunch_Status,EL_Status,SPED,Homeless",
            everyone().map(|(id, _)| format!("{id},2024,,,,05,F,W,P,N,N,N")).collect(),
        )
        .export(
            "enrollment",
            "sis_enrollment",
            "Student_Number,School_ID,Grade_Level,Entry_Date,Exit_Date,Exit_Reason",
            everyone()
                .map(|(id, school)| format!("{id},{school},05,{},{},", us(day(0)), us(last())))
                .collect(),
        )
        .export(
            "attendance",
            "sis_attendance",
            "Att_Date,Student_Number,School_ID,Att_Code",
            absent,
        )
    }

    /// Adds an export, or puts it in place of the one with that ID.
    pub(crate) fn export(
        mut self,
        id: &str,
        mapping: &'static str,
        header: &'static str,
        lines: Vec<String>,
    ) -> Self {
        self.exports.retain(|export| export.id != id);
        self.exports.push(Export {
            id: id.to_owned(),
            mapping,
            header,
            files: vec![lines],
            options: String::new(),
        });
        self
    }

    /// Adds lines to the file of an export.
    pub(crate) fn and(mut self, id: &str, lines: impl IntoIterator<Item = String>) -> Self {
        if let Some(export) = self.exports.iter_mut().find(|export| export.id == id) {
            export.files[0].extend(lines);
        }
        self
    }

    /// Changes the lines of the file of an export.
    pub(crate) fn change(mut self, id: &str, change: impl Fn(&mut Vec<String>)) -> Self {
        if let Some(export) = self.exports.iter_mut().find(|export| export.id == id) {
            change(&mut export.files[0]);
        }
        self
    }

    /// Adds what the pipeline says of a source.
    pub(crate) fn saying(mut self, id: &str, option: &str) -> Self {
        if let Some(export) = self.exports.iter_mut().find(|export| export.id == id) {
            let _ = writeln!(export.options, "{option}");
        }
        self
    }

    /// A mapping of the district's own.
    pub(crate) fn mapping(mut self, name: &'static str, text: &'static str) -> Self {
        self.mappings.push((name, text));
        self
    }

    /// Puts these stays in place of student `n`'s: school, entry, exit.
    pub(crate) fn stays(self, n: usize, stays: &[(&str, NaiveDate, NaiveDate)]) -> Self {
        let id = student(n);
        self.change("enrollment", |lines| {
            lines.retain(|line| !line.starts_with(&id));
            for (school, entry, exit) in stays {
                lines.push(format!("{id},{school},05,{},{},", us(*entry), us(*exit)));
            }
        })
    }

    /// Marks student `n` with a code on these days, at the student's own school.
    pub(crate) fn marked(
        self,
        n: usize,
        code: &str,
        days: impl IntoIterator<Item = NaiveDate>,
    ) -> Self {
        let lines: Vec<String> = days
            .into_iter()
            .map(|date| format!("{date},{},{},{code}", student(n), school(n)))
            .collect();
        self.and("attendance", lines)
    }

    /// Four staff members, `E1` and `E3` at 0101, `E2` and `E4` at 0202; their logins in the training system are `uE1` to `uE4`.
    pub(crate) fn staff(self) -> Self {
        let staff = (1..=4).map(|n| {
            let school = if n % 2 == 1 { "0101" } else { "0202" };
            format!("E{n},,,,2023-24,{school},\"Teacher, Elementary\",5,BA,01-Aug-2015")
        });
        self.export(
            "staff",
            "hr_staff",
            "EmployeeID,LastName,FirstName,BirthDate,SchoolYear,Location,JobTitle,YearsExperience,Degree,HireDate",
            staff.collect(),
        )
        .export(
            "logins",
            "hr_staff_crosswalk",
            "EmployeeID,PDLogin,Created",
            (1..=4).map(|n| format!("E{n},uE{n},2015-08-01")).collect(),
        )
    }

    /// A math class at each school, all year: `A-1` with `E1` and `B-1` with `E2`.
    pub(crate) fn classes(self) -> Self {
        let rosters = (0..STUDENTS).map(|n| {
            let section = if school(n) == "0101" { "A-1" } else { "B-1" };
            format!("{},{section},{},{}", student(n), us(day(0)), us(last()))
        });
        self.staff()
            .export(
                "sections",
                "sis_sections",
                "Section_ID,School_Year,School_ID,Course_Number,Course_Name,Department,Term_ID",
                vec![
                    "A-1,2024,0101,M5,Math 5,MTH,Y24".to_owned(),
                    "B-1,2024,0202,M5,Math 5,MTH,Y24".to_owned(),
                ],
            )
            .export(
                "rosters",
                "sis_rosters",
                "Student_Number,Section_ID,Date_Enrolled,Date_Left",
                rosters.collect(),
            )
            .export(
                "assignments",
                "hr_assignments",
                "EmployeeID,SectionID,StartDate,EndDate,PctEffort,Role",
                vec![
                    format!("E1,A-1,{},{},100,L", day(0), last()),
                    format!("E2,B-1,{},{},100,L", day(0), last()),
                ],
            )
    }

    /// Reads it.
    pub(crate) fn read(self) -> Result<Read, Box<dyn Error>> {
        let project = Project::new()?;
        let mut pipeline = String::from(
            "[district]\nname = \"Field\"\n[calendar]\nfirst_year = 2024\nlast_year = 2024\ncounts_from = 0\n[privacy]\nkey = \"../secret/pseudonym.key\"\ncreate_key = true\n[lake]\npath = \"../lake\"\n[reports]\nfolder = \"../reports\"\n",
        );
        for export in &self.exports {
            let _ = write!(
                pipeline,
                "[[source]]\nid = \"{id}\"\nfiles = \"../exports/{id}_*.csv\"\nmapping = \"{}\"\n{}",
                export.mapping,
                export.options,
                id = export.id,
            );
            for (number, lines) in export.files.iter().enumerate() {
                let text = format!("{}\n{}\n", export.header, lines.join("\n"));
                project.write(&format!("exports/{}_{number}.csv", export.id), text)?;
            }
        }
        for (name, text) in &self.mappings {
            project.write(&format!("pipelines/mappings/{name}.toml"), text)?;
        }
        project.write("pipelines/p.toml", pipeline)?;
        let said = project.ingest()?;
        Ok(Read { project, said })
    }
}

impl Read {
    /// The rows of a query, as JSON; a column that is null is left out.
    pub(crate) fn ask(&self, sql: &str) -> Result<Value, Box<dyn Error>> {
        let arguments = ["--json", "query", "--pipeline", "pipelines/p.toml", sql];
        let said = said(program().args(arguments).current_dir(self.project.path("")))?;
        match said.code {
            0 => Ok(serde_json::from_str(&said.stdout)?),
            _ => Err(format!("{}\n{}", self.said.stderr, said.stderr).into()),
        }
    }

    /// That a query gives these rows.
    pub(crate) fn gives(&self, sql: &str, rows: Value) -> Outcome {
        assert_eq!(self.ask(sql)?, rows, "{}", self.said.stderr);
        Ok(())
    }

    /// Days enrolled and absent of student `n`.
    pub(crate) fn attends(&self, n: usize, enrolled: i64, absent: i64) -> Outcome {
        let sql = format!(
            "SELECT y.enrolled_days, y.absent_days FROM attendance_year y JOIN student p ON p.student_id = y.student_id \
             AND p.school_year = y.school_year WHERE p.source_line = {}",
            n + 2
        );
        self.gives(
            &sql,
            serde_json::json!([{ "enrolled_days": enrolled, "absent_days": absent }]),
        )
    }

    /// That the run said so, and did not end with 0.
    pub(crate) fn tells(&self, words: &str) {
        assert_ne!(self.said.code, 0, "{:?}", self.said);
        let told = format!("{}{}", self.said.stdout, self.said.stderr);
        assert!(told.contains(words), "{told}");
    }
}
