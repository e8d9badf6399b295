//! Rosters of Clever and Microsoft School Data Sync, whole: every file of an upload fills its tables, in the school year that
//! its dates fall in, and people who are in no class are read past.

use throughline_model::{Mapping, builtin};

use crate::kit::{Project, column};

fn text(name: &str) -> &'static str {
    let found = builtin::mappings().iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("no mapping {name}")).1
}

/// A project with a source for every mapping of a bundle, and these files.
fn bundle(name: &str, files: &[(&str, &str)]) -> Project {
    let parts = Mapping::bundle(name, text(name)).unwrap().unwrap();
    let mut project = Project::new(text(&parts[0].0));
    project.sources.clear();
    for (part, optional) in parts {
        project.source(&part, "*.csv", text(&part));
        project.sources.last_mut().unwrap().optional = optional;
    }
    for (file, content) in files {
        project.write(file, content);
    }
    project
}

/// What a bundle is to give: table, column, values.
fn check(project: &Project, expected: &[(&str, &str, &[&str])]) {
    let ingested = project.ingest().unwrap_or_else(|error| panic!("{error}"));
    assert!(ingested.counts.iter().all(|count| count.balances()));
    assert!(ingested.warnings.is_empty(), "{:?}", ingested.warnings);
    for (table, name, values) in expected {
        let found = column(&project.rows(&ingested, table), name);
        assert_eq!(found, *values, "{table}.{name}");
    }
}

#[test]
fn a_clever_upload_fills_its_tables() {
    let project = bundle(
        "clever_sftp",
        &[
            (
                "schools.csv",
                "School_id,School_name,School_number,State_id,Low_grade,High_grade,Principal,Principal_email,School_address,School_city,School_state,School_zip,School_phone\n\
                 10,North,010,,K,5,,,,,,,\n20,Empty,020,,6,8,,,,,,,\n",
            ),
            (
                "students.csv",
                "School_id,Student_id,Student_number,State_id,Last_name,Middle_name,First_name,Grade,Gender,Graduation_year,DOB,Race,Hispanic_Latino,Home_language,Ell_status,Frl_status,IEP_status,Student_street,Student_city,Student_state,Student_zip,Student_email,Contact_relationship,Contact_type,Contact_name,Contact_phone,Contact_phone_type,Contact_email,Contact_sis_id,Username,Password,Unweighted_gpa,Weighted_gpa\n\
                 10,100,1,,Quill,,Ann,Kindergarten,F,,05/04/2019,W,N,,Y,F,N,,,,,,,,,,,,,,,,\n\
                 10,101,2,,Oddy,,Bo,3,M,,05/04/2016,B,N,,N,N,Y,,,,,,,,,,,,,,,,\n\
                 10,102,3,,Nobody,,Cy,3,M,,05/04/2016,B,N,,N,N,N,,,,,,,,,,,,,,,,\n",
            ),
            (
                "teachers.csv",
                "School_id,Teacher_id,Teacher_number,State_teacher_id,Teacher_email,First_name,Middle_name,Last_name,Title,Username,Password\n\
                 10,900,,,t@example.org,Tess,,Teach,,,\n10,901,,,u@example.org,Una,,Unused,,,\n",
            ),
            (
                "sections.csv",
                "School_id,Section_id,Teacher_id,Teacher_2_id,Teacher_3_id,Teacher_4_id,Teacher_5_id,Teacher_6_id,Teacher_7_id,Teacher_8_id,Teacher_9_id,Teacher_10_id,Name,Section_number,Grade,Course_name,Course_number,Course_description,Period,Subject,Term_name,Term_start,Term_end\n\
                 10,S1,900,901,,,,,,,,,Math K,1,,Math,M0,,1,Math,Y,08/12/2024,06/05/2025\n\
                 10,S2,900,,,,,,,,,,Art,2,,Art,A0,,2,Arts and music,S1,8/12/2024,12/20/2024\n\
                 10,S3,900,,,,,,,,,,Undated,3,,,,,,,,,\n",
            ),
            (
                "enrollments.csv",
                "School_id,Section_id,Student_id\n10,S1,100\n10,S1,101\n10,S2,100\n",
            ),
        ],
    );
    check(
        &project,
        &[
            ("school", "school_id", &["10"]),
            ("school", "school_year", &["2025"]),
            ("student", "grade_level", &["K", "3"]),
            ("student", "school_year", &["2025", "2025"]),
            ("student", "english_learner", &["true", "false"]),
            ("student", "economically_disadvantaged", &["true", "false"]),
            ("staff", "school_year", &["2025"]),
            ("section", "section_id", &["S1", "S2"]),
            ("section", "school_year", &["2025", "2025"]),
            ("section", "subject", &["math", "arts"]),
            ("student_section", "section_id", &["S1", "S1", "S2"]),
            (
                "student_section",
                "end_date",
                &["2025-06-05", "2025-06-05", "2024-12-20"],
            ),
            ("staff_section", "section_id", &["S1", "S2", "S1"]),
            (
                "staff_section",
                "staff_role",
                &["lead", "lead", "co_teacher"],
            ),
            ("student_school", "school_id", &["10", "10"]),
        ],
    );
    let rejects = project.rejects();
    assert_eq!(
        rejects.len(),
        2,
        "the section without dates, and its teacher: {rejects:?}"
    );
}

#[test]
fn a_school_data_sync_upload_fills_its_tables() {
    let project = bundle(
        "sds_2_1",
        &[
            (
                "academicSessions.csv",
                "sourcedId,title,type,schoolYear,startDate,endDate\nY,Year,schoolYear,2024,2024-08-20,2025-06-10\nF,Fall,semester,2025,2024-08-20,2025-01-10\n",
            ),
            (
                "orgs.csv",
                "sourcedId,name,type,parentSourcedId\nD,District,district,\n10,North,school,D\n20,Empty,school,D\n",
            ),
            (
                "users.csv",
                "sourcedId,username,givenName,familyName,password,activeDirectoryMatchId,email,phone,sms\n100,a@example.org,Ann,Archer,,,,,\n",
            ),
            (
                "roles.csv",
                "userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary,roleStartDate,roleEndDate\n\
                 100,10,student,Y,KG,TRUE,2024-09-02,\n101,10,student,Y,03,TRUE,,\n900,10,teacher,Y,,TRUE,,\n800,10,guardian,Y,,,,\n",
            ),
            (
                "classes.csv",
                "sourcedId,orgSourcedId,title,sessionSourcedIds,courseSourcedId\nC1,10,Math K,\"F,Y\",M\nC2,10,Club,Y,\n",
            ),
            (
                "courses.csv",
                "sourcedId,orgSourcedId,title,code,schoolYearSourcedId,subject,grade\nM,10,Mathematics,M0,Y,02,KG\n",
            ),
            (
                "enrollments.csv",
                "classSourcedId,userSourcedId,role\nC1,100,student\nC1,101,student\nC1,900,teacher\nC2,101,student\n",
            ),
            (
                "demographics.csv",
                "userSourcedId,sex,birthDate,birthCity,birthState,birthCountry,ethnicityCodes,raceCodes\n100,female,2019-07-02,,,,,\n",
            ),
        ],
    );
    check(
        &project,
        &[
            ("academic_session", "school_year", &["2025", "2025"]),
            ("school", "school_id", &["10"]),
            ("student", "grade_level", &["K", "3"]),
            ("student", "gender", &["female", "null"]),
            ("student", "school_year", &["2025", "2025"]),
            ("staff", "role", &["teacher"]),
            ("section", "subject", &["math", "other"]),
            ("section", "course_name", &["Mathematics", "Club"]),
            ("student_section", "section_id", &["C1", "C1", "C2"]),
            (
                "student_section",
                "end_date",
                &["2025-01-10", "2025-01-10", "2025-06-10"],
            ),
            ("staff_section", "staff_role", &["lead"]),
            (
                "student_school",
                "entry_date",
                &["2024-09-02", "2024-08-20"],
            ),
        ],
    );
}

#[test]
fn an_upload_of_the_first_school_data_sync_format_fills_its_tables() {
    let project = bundle(
        "sds_1",
        &[
            (
                "School.csv",
                "SIS ID,Name,School Number,School NCES_ID,State ID,Grade Low,Grade High,Principal SIS ID,Principal Name,Principal Secondary Email,Address,City,State,Country,Zip,Phone,Zone\n10,North,10,,,9,12,,,,,,,,,,\n",
            ),
            (
                "Section.csv",
                "SIS ID,School SIS ID,Section Name,Section Number,Term SIS ID,Term Name,Term StartDate,Term EndDate,Course SIS ID,Course Name,Course Number,Course Description,Course Subject,Periods,Status\n\
                 S1,10,Algebra 1,1,T,Year,8/20/2017,6/10/2018,C,Math 101,101,,Math,1,Active\n",
            ),
            (
                "Student.csv",
                "SIS ID,School SIS ID,First Name,Last Name,Username,Password,State ID,Secondary Email,Student Number,Middle Name,Grade,Status,Birthdate,Graduation Year\n\
                 100,10,Ann,Archer,,,,,1,,9,Active,4/2/2003,\n101,10,Bo,Bell,,,,,2,,10,Active,4/2/2002,\n",
            ),
            ("StudentEnrollment.csv", "Section SIS ID,SIS ID\nS1,100\n"),
            (
                "Teacher.csv",
                "SIS ID,School SIS ID,First Name,Last Name,Username,Password,State ID,Teacher Number,Status,Middle Name,Secondary Email,Title,Qualification\n900,10,Tess,Teach,,,,1,Active,,,,\n",
            ),
            ("TeacherRoster.csv", "Section SIS ID,SIS ID\nS1,900\n"),
        ],
    );
    check(
        &project,
        &[
            ("school", "school_year", &["2018"]),
            ("student", "grade_level", &["9"]),
            ("staff", "school_year", &["2018"]),
            ("section", "subject", &["math"]),
            ("student_section", "begin_date", &["2017-08-20"]),
            ("staff_section", "end_date", &["2018-06-10"]),
            ("student_school", "school_id", &["10"]),
        ],
    );
}

#[test]
fn rows_of_years_that_a_mapping_was_not_made_for_are_reported() {
    let mapping = "vendor = \"V\"\ntable = \"course_mark\"\nyears = \"2017-2023\"\n[columns]\nstudent_id = { from = \"s\" }\nsection_id = { from = \"c\" }\nschool_year = { from = \"y\" }\nterm = { from = \"t\" }\n";
    for (year, warned) in [("2023", false), ("2024", true), ("2016", true)] {
        let project = Project::new(mapping);
        project.write("marks.csv", format!("s,c,y,t\n1,a,{year},F\n"));
        let ingested = project.ingest().unwrap();
        let said = ingested
            .warnings
            .iter()
            .map(ToString::to_string)
            .collect::<String>();
        assert_eq!(
            said.contains("was made for `2017-2023`"),
            warned,
            "{year}: {said}"
        );
    }
    for wrong in ["2023-2017", "2017", "-", "x-y"] {
        let text = mapping.replace("2017-2023", wrong);
        assert!(Mapping::parse("m", "m", &text).is_err(), "{wrong}");
    }
}
