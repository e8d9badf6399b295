//! Students and staff, their IDs, where they are enrolled, and the days they missed.

use super::{About, TOLD};

pub(super) const ABOUT: &[About] = &[
    About {
        table: "student",
        row: "A student in a school year: grade and what is known of programs and background.",
        repeats: "A student stands once a year, whatever the schools. A later file corrects an earlier one.",
        dates: "None. The school year is named by the year it ends in; `year_is = \"start\"` reads the other way, and a check compares grades with other files.",
        blank: "Not known: the student counts, but not in comparisons that need it.",
        conflicts: TOLD,
        standard: "Ed-Fi StudentEducationOrganizationAssociation; OneRoster `users.csv` and `demographics.csv`; CEDS School Year (the year it ends in).",
    },
    About {
        table: "student_identity",
        row: "An ID that another system gives to a student.",
        repeats: "A student may have several IDs in one system. An ID that is claimed for two students on one day is neither's on that day, and its \
            rows wait in `unlinked.csv`.",
        dates: "The first and the last day on which the ID is the student's.",
        blank: "Without a begin from ever on; without an end until the day before somebody else gets the ID, or for good.",
        conflicts: TOLD,
        standard: "Ed-Fi StudentIdentificationCode; CEDS Student Identification System.",
    },
    About {
        table: "student_school",
        row: "An enrollment spell of a student at a school.",
        repeats: "Spells may overlap: each day counts once, for the spell that began last, and the one around it goes on after it. A spell that ends on or before its \
            first day, or that is marked as a no-show, is void and changes nothing.",
        dates: "`entry_date` is the first day, `exit_date` the last; `end = \"day_after\"` reads exits that name the first day not attended (PowerSchool, OneRoster), \
            and marks the rows (`exit_exclusive`).",
        blank: "Without an exit the spell ends with its school year, and goes on in the next ones while the student file lists the student.",
        conflicts: "Of two spells at one school from one day on the one that is no no-show stands, then the longest; one without an exit is the longest.",
        standard: "Ed-Fi StudentSchoolAssociation (entry date in the key); CEDS Enrollment Entry and Exit Date; PowerSchool guides (exit on the day of entry is a \
            no-show; exit is the day after). The rules in full: `docs/membership.md`.",
    },
    About {
        table: "staff",
        row: "A staff member at a school in a school year.",
        repeats: "Somebody who works at several schools has a row for each and counts as one person.",
        dates: "`hire_date` is the first day of work in the district.",
        blank: "Without a school the person works for the district. Experience and degree are not known.",
        conflicts: TOLD,
        standard: "Ed-Fi StaffEducationOrganizationAssignmentAssociation; OneRoster `users.csv`; Clever `teachers.csv` (one row a person, the main school).",
    },
    About {
        table: "staff_identity",
        row: "An ID that another system gives to a staff member.",
        repeats: "As for students: several IDs of one person are one person; one ID of two people on one day is neither's.",
        dates: "The first and the last day on which the ID is this person's.",
        blank: "Without a begin from ever on; without an end until somebody else gets the ID.",
        conflicts: TOLD,
        standard: "Ed-Fi StaffIdentificationCode. E-mail addresses are compared without regard to case.",
    },
    About {
        table: "attendance_event",
        row: "What was recorded of a student on a day (or in a period of it) at a school.",
        repeats: "A day counts once: a record of the whole day before records of its periods, and once where two schools write it. Of periods, a day \
            is missed when half or more of the student's own periods are: those of the file, of the roster, or the school's.",
        dates: "The day itself. A record on a day that is no day of membership (before entry, after exit, holiday, summer) counts for nobody and is told.",
        blank: "Without a period the record is of the whole day. A day without a record was attended where only exceptions are exported, and is not known \
            where every day is; `style` says which, or it is judged and told.",
        conflicts: "The more serious record of a day stands: suspension, unexcused, excused, tardy, left early, present; of equal ones the one with more minutes.",
        standard: "Ed-Fi StudentSchoolAttendanceEvent (several categories a day); EDFacts file specification 195 (a tenth of the days enrolled, half a day counts, \
            whatever the reason); CEDS Attendance Event. The rules in full: `docs/membership.md`.",
    },
];
