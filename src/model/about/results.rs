//! Discipline, scores and marks.

use super::{About, TOLD};

pub(super) const ABOUT: &[About] = &[
    About {
        table: "discipline_incident",
        row: "A student's part in an incident.",
        repeats: "An incident of several students has a row for each. Incident numbers are the school's own. Several behaviors of one student in one incident are \
            one row, with the most serious.",
        dates: "The day of the incident. It counts when the student is enrolled on it, in session or not; else for nobody, and it is told.",
        blank: "Severity is not known: the incident counts among all, not among major ones.",
        conflicts: "A major behavior before a minor one.",
        standard: "Ed-Fi DisciplineIncident (school in the key), StudentDisciplineIncidentBehaviorAssociation (several behaviors); CEDS Incident.",
    },
    About {
        table: "discipline_action",
        row: "What a student was given for no, one or several incidents.",
        repeats: "An action that stands once for each of its incidents counts once: days of removal of one student on the same dates are counted once.",
        dates: "`begin_date` is the first day served; `days` are school days. Days after the student left, or after the last day of school, do not count.",
        blank: "Without a number of days it counts as one day; without an incident it stands by itself.",
        conflicts: TOLD,
        standard: "Ed-Fi DisciplineAction (incidents 0..*, length a decimal); EDFacts file specifications 005, 006 and 143 (removals in school days of the year).",
    },
    About {
        table: "assessment_result",
        row: "A test result of a student: assessment, form or window, subject, grade of the test, day.",
        repeats: "A retest is a row of its own. Which one counts is said by the vendor: a growth measure before others, then the smaller standard error, the test \
            of the enrolled grade, a test that was not rushed, then the later one.",
        dates: "The day of the test.",
        blank: "Without a score the student was not tested: the record is counted as *not tested* and is no row. Without a grade the student's own counts.",
        conflicts: "As the vendor says it (see the shipped rules), else told. Practice tests and invalidated ones never count.",
        standard: "Ed-Fi StudentAssessment; NWEA, Invalid Tests and Growth Criteria; Curriculum Associates on rush flags; DIBELS 8 (assessment grade); states' student \
            files (records without a score, void codes).",
    },
    About {
        table: "course_mark",
        row: "A student's mark in a class and term, with credits.",
        repeats: "Terms of one class are rows of their own; credits of a course count once a year however often they are stored. Section numbers are the school's own.",
        dates: "None; school year and term.",
        blank: "Credits earned are 0 where credits were attempted; a row without attempted credits takes no part in credits.",
        conflicts: TOLD,
        standard: "Ed-Fi CourseTranscript and Grade; CEDS Number of Credits Attempted, Number of Credits Earned.",
    },
];
