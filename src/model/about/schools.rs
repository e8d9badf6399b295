//! Schools, terms, calendars, classes and who is in them.

use super::{About, TOLD};

pub(super) const ABOUT: &[About] = &[
    About {
        table: "school",
        row: "A school in a school year.",
        repeats: "A school stands once a year. A campus with two levels is one row with the level `combined`.",
        dates: "None. The school year is named by the year it ends in; `year_is = \"start\"` reads exports that name it by the year it starts in.",
        blank: "Level or locale is not known; nothing is left out for it.",
        conflicts: TOLD,
        standard: "Ed-Fi School; OneRoster `orgs.csv` (type `school`); CEDS K12 School.",
    },
    About {
        table: "academic_session",
        row: "A term (year, semester, quarter) in a school year.",
        repeats: "A term stands once a year, with the same dates for all schools. Where schools keep other dates, give each its own term ID \
            (`from = [\"School_ID\", \"Term_ID\"]`).",
        dates: "`begin_date` is the first day, `end_date` the last one. OneRoster's end is the day after; its shipped mappings say so.",
        blank: "A term without a date is rejected.",
        conflicts: TOLD,
        standard: "Ed-Fi Session (school, school year and name identify it); OneRoster 1.1 `academicSessions.csv` (`startDate` inclusive, `endDate` \
            exclusive, `schoolYear` the year it ends in).",
    },
    About {
        table: "calendar_day",
        row: "A day of a school's calendar: school or no school.",
        repeats: "A school has one calendar. A day that stands once for each bell schedule is a copy; two calendars of one school that disagree are a \
            conflict.",
        dates: "The day itself. Days that are not listed are no school days.",
        blank: "A day without a flag is rejected. A school without any day has no days of membership, and so no attendance outcome where \
            only exceptions are exported.",
        conflicts: TOLD,
        standard: "Ed-Fi CalendarDate and Calendar (a school may have several); CEDS Calendar Event.",
    },
    About {
        table: "section",
        row: "A class of a school in a school year and term.",
        repeats: "Section numbers are the school's own: another school's class of the same number is another class. Terms of one class are one class while the \
            subject is the same.",
        dates: "None; those of the term, where the term is known.",
        blank: "Without a term the class runs all year. A subject that no code names is `other`.",
        conflicts: "An error: nothing is committed while two rows of one class disagree.",
        standard: "Ed-Fi Section (school, course, session, year and identifier identify it); OneRoster `classes.csv`; Clever `sections.csv` (IDs have to \
            be unique in the district).",
    },
    About {
        table: "student_section",
        row: "A student's time in a class.",
        repeats: "A student may leave and come back. Rows of one student and class that overlap count each day once.",
        dates: "`begin_date` is the first day in class, `end_date` the last; `end = \"day_after\"` reads ends that name the first day not attended. A row that \
            ends before it begins counts no day, and an open one ends when the student moves or leaves.",
        blank: "Without an end the student stays until the last day of school. Without a school the section's own counts, or the school at which the \
            student is enrolled.",
        conflicts: "An error: nothing is committed while two rows of one student, class and first day disagree.",
        standard: "Ed-Fi StudentSectionAssociation (begin date in the key); OneRoster 1.1 `enrollments.csv` (`endDate` exclusive); PowerSchool CC \
            (dates of enrolling and leaving).",
    },
    About {
        table: "staff_section",
        row: "A staff member's assignment to a class.",
        repeats: "Several people may share a class. Several rows of one person and class count as one: the largest contribution of each day.",
        dates: "`begin_date` is the first day, `end_date` the last.",
        blank: "Without an end the assignment goes on. Without a contribution it counts fully (support staff: not at all); contributions of one day are \
            scaled down where they sum to more than one, and what is missing to one is a vacancy.",
        conflicts: TOLD,
        standard: "Ed-Fi StaffSectionAssociation (`PercentageContribution`, begin date in the key since 5.0); OneRoster `enrollments.csv` (`primary`); \
            Clever `Teacher_id`, `Teacher_2_id`.",
    },
];
