//! Every vendor format that is written: its header, its line ends, and the mapping that reads it.

use crate::sheet::Shape;

/// A vendor format.
#[derive(Clone, Copy)]
pub(crate) struct Format {
    /// File stem of its mapping in `pipelines/mappings`, which tests hold against the header.
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests read it"))]
    pub(crate) mapping: &'static str,
    pub(crate) header: &'static str,
    pub(crate) shape: Shape,
    /// What malformed rows end in: cells of the columns that only this version of the format has.
    pub(crate) tail: &'static str,
}

const PLAIN: Shape = Shape {
    crlf: false,
    bom: false,
};
const WINDOWS: Shape = Shape {
    crlf: true,
    bom: false,
};
const MARKED: Shape = Shape {
    crlf: false,
    bom: true,
};

macro_rules! formats {
    ($($name:ident = $mapping:literal, $shape:ident, $header:literal $(, $tail:literal)?;)*) => {
        $(pub(crate) const $name: Format = Format {
            mapping: $mapping,
            header: $header,
            shape: $shape,
            tail: concat!($($tail)?),
        };)*
        #[cfg(test)]
        pub(crate) const ALL: &[&Format] = &[$(&$name),*];
    };
}

formats! {
    SCHOOLS = "sis_schools", PLAIN, "School_ID,School_Name,School_Year,Low_Grade,High_Grade,School_Type,Locale";
    TERMS = "sis_terms", PLAIN, "Term_ID,School_Year,Term_Name,Term_Type,First_Day,Last_Day";
    CALENDAR = "sis_calendar", PLAIN, "School_ID,Date_Value,In_Session";
    STUDENTS = "sis_students", WINDOWS, "Student_Number,School_Year,Last_Name,First_Name,DOB,Grade_Level,Gender,Ethnicity,Lunch_Status,EL_Status,SPED,Homeless";
    ENROLLMENT = "sis_enrollment", PLAIN, "Student_Number,School_ID,Grade_Level,Entry_Date,Exit_Date,Exit_Reason";
    SECTIONS = "sis_sections", PLAIN, "Section_ID,School_Year,School_ID,Course_Number,Course_Name,Department,Term_ID";
    ROSTERS = "sis_rosters", PLAIN, "Student_Number,Section_ID,Date_Enrolled,Date_Left";
    ROSTERS_OF_SCHOOLS = "sis_rosters", PLAIN, "Student_Number,Section_ID,Date_Enrolled,Date_Left,School_ID", ",0101";
    MARKS = "sis_marks", PLAIN, "Student_Number,Section_ID,School_Year,Term,Grade,Percent,Credits_Attempted,Credits_Earned";
    MARKS_OF_SCHOOLS = "sis_marks", PLAIN, "Student_Number,Section_ID,School_Year,Term,Grade,Percent,Credits_Attempted,Credits_Earned,School_ID", ",0101";
    ATTENDANCE = "sis_attendance", PLAIN, "Att_Date,Student_Number,School_ID,Att_Code";
    ATTENDANCE_DAILY = "sis_attendance_daily", PLAIN, "Att_Date,Student_Number,School_ID,Att_Code,Minutes";
    BY_CLASS = "infinite_campus_attendance_class", PLAIN, "StudentID,BuildingCode,CourseID,SectionID,AttDate,Period,AttCode,AttNotes";
    INCIDENTS = "sis_discipline_incidents", WINDOWS, "Incident_ID,Student_Number,Incident_Date,School_ID,Behavior,Severity";
    ACTIONS = "sis_discipline_actions", WINDOWS, "Incident_ID,Student_Number,Action_Code,Action_Date,Action_Days";
    PROGRAMS = "sis_programs", PLAIN, "Student_Number,Program_Code,Start_Date,End_Date";
    STAFF = "hr_staff", WINDOWS, "EmployeeID,LastName,FirstName,BirthDate,SchoolYear,Location,JobTitle,YearsExperience,Degree,HireDate";
    ASSIGNMENTS = "hr_assignments", PLAIN, "EmployeeID,SectionID,StartDate,EndDate,PctEffort,Role";
    ASSIGNMENTS_OF_SCHOOLS = "hr_assignments", PLAIN, "EmployeeID,SectionID,StartDate,EndDate,PctEffort,Role,Location", ",0101";
    STAFF_CROSSWALK = "hr_staff_crosswalk", PLAIN, "EmployeeID,PDLogin,Created";
    MAP_GROWTH = "map_growth", PLAIN, "StudentID,TermName,Discipline,TestStartDate,Grade,TestRITScore,TestStandardError,TestPercentile";
    MAP_GROWTH_RETESTS = "map_growth", PLAIN, "StudentID,TermName,Discipline,TestStartDate,Grade,TestRITScore,TestStandardError,TestPercentile,GrowthMeasureYN", ",TRUE";
    STATE = "state_summative", MARKED, "SSID,Test,Subject,TestDate,GradeTested,ScaleScore,CSEM,AchievementLevel";
    MAP_CROSSWALK = "map_student_crosswalk", PLAIN, "StudentID,DistrictStudentNumber";
    STATE_CROSSWALK = "state_student_crosswalk", PLAIN, "SSID,LocalStudentNumber,StudentLastName";
    LOTTERY = "pd_lottery", PLAIN, "Login,Program,DrawDate,Offered";
    CATALOG = "pd_catalog", PLAIN, "CourseID,Title,ProgramCode,Topic,Provider,Delivery,Required,CreditHours,Fee,FundingSource,FirstSession,LastSession";
    TRANSCRIPT = "pd_transcript", PLAIN, "Login,CourseID,SessionDate,Outcome,Hours";
    TRANSCRIPT_SESSIONS = "pd_transcript", PLAIN, "Login,CourseID,SessionDate,Outcome,Hours,SessionID,CreditType", ",1,Clock Hours";
    ISTE = "badges_iste", PLAIN, "Recipient Login,Certification,Certification Name,Awarded,Valid Through";
    STATE_CREDENTIALS = "badges_state", WINDOWS, "EmployeeNumber,MicrocredentialCode,Microcredential,Level,IssueDate,ExpirationDate";
    VENDOR_BADGES = "badges_vendor", PLAIN, "recipient,badge_id,badge_name,issued_on,expires,revoked_on";
    TOOLS = "tools_catalog", PLAIN, "App,AppName,Publisher,Category";
    LICENSES = "tools_licenses", PLAIN, "App,School_ID,Seats,Annual_Cost,Start_Date,End_Date";
    USAGE = "tools_usage", PLAIN, "Date,SIS_ID,App,Minutes,Activities";
    TICKETS = "ops_tickets", PLAIN, "TicketNo,Opened,Closed,Site,Category,App,RequesterName";
    DEVICES = "ops_devices", PLAIN, "AssetTag,Student,Site,Model,Issued,Returned";
    GOALS = "plan_goals", PLAIN, "GoalID,PlanYear,Site,Measure,Target,Statement";
}
