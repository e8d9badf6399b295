//! How common each mess is. Where somebody has counted, the number is near theirs; where nobody has, it is a guess on
//! the low side, and the report that the mess occurs at all is named.

// Enrollment, of students a school year.

/// Enrolled in summer, never came; came to another school of the district (half of all) or to none. Orland Unified (2,200
/// students) lost 2.5 % of its enrollment in the first month of three school years (Orland Press-Register, 2008-09-06).
pub(crate) const NO_SHOW: f64 = 0.01;
pub(crate) const NO_SHOW_NEWCOMER: f64 = 0.01;
/// TEAMSchools/teamster #5024: 94 of 1,760 enrollments of a year in one region end before they begin, none in three others.
pub(crate) const VOID: f64 = 0.012;
/// TEAMSchools/teamster #5192 and #3919: enrollments that overlap at one school, none to one in ten.
pub(crate) const NESTED: f64 = 0.01;
/// Students enrolled in two schools at a time, as part-time placements (Ed-Fi: `PrimarySchool` is false for the second).
pub(crate) const SECOND_SCHOOL: f64 = 0.006;
/// TEAMSchools/teamster #4835: two students of a region with two enrollments of one entry date.
pub(crate) const SHARED_ENTRY: f64 = 0.003;

// Classes.

/// Places in a class that are given up before the first day: schedules change in August.
pub(crate) const DROPPED_CLASS: f64 = 0.02;

// Attendance.

/// Schools that keep attendance in the other style: a district changes its practice school by school.
pub(crate) const OTHER_STYLE: f64 = 0.06;
/// Present codes (field trips and the like) of a student and year in an export of exceptions. studentinsights #1779 counts
/// 235,391 such rows in one district of 5,000 students.
pub(crate) const PRESENT_CODES: f64 = 0.8;
/// High schools that also export attendance by class.
pub(crate) const CLASS_ATTENDANCE: f64 = 0.3;
/// Share of days on which one class is missed. Whitney & Liu (2016) find part-day absences on 12.2 % of the days of grades 6–12.
pub(crate) const CLASS_MISSED: f64 = 0.06;
/// Absences with a tardy of the same student and day beside them: edanalytics/edu_wh #91, studentinsights #1925.
pub(crate) const ABSENT_AND_TARDY: f64 = 0.01;
/// Students who left (or came) in the year and were marked absent after (before). TEAMSchools/teamster #5503 finds it in 1.1 % of
/// 6,830 enrollments that ended within a year, 59 more on the day of the exit; edanalytics/edu_wh #158 in a state's data.
pub(crate) const AFTER_EXIT: f64 = 0.06;
pub(crate) const BEFORE_ENTRY: f64 = 0.06;
/// Students who changed schools and went on being marked at the first.
pub(crate) const SCHOOL_LEFT: f64 = 0.08;
/// No-shows who were marked absent until they were dropped.
pub(crate) const NEVER_ATTENDED: f64 = 0.5;
/// Students marked absent on a holiday or on a day the school was closed.
pub(crate) const CLOSED_DAY: f64 = 0.004;

// Discipline.

/// Actions that name no incident: in Ed-Fi an action has none, one or several (Ed-Fi-Data-Standard #131, #132).
pub(crate) const ACTION_ALONE: f64 = 0.03;
/// Students who left and were expelled after that, for 180 days.
pub(crate) const EXPELLED_AFTER: f64 = 0.03;

// Staff.

/// Itinerant teachers: 3.4 % of public school teachers (NCES, Schools and Staffing Survey 2003–04, table 25), more among
/// those who co-teach, coach and assist.
pub(crate) const TWO_SCHOOLS: f64 = 0.06;
/// Rows in which a person typed the e-mail address in another case: code-dot-org #9395; 3 of 20 there.
pub(crate) const EMAIL_CASE: f64 = 0.05;

// Training, of a person's course.

/// Courses with session rows and a completion row: code-dot-org #16203.
pub(crate) const COMPLETION: f64 = 0.15;
/// Courses whose sessions have no hours: code-dot-org #16308.
pub(crate) const COURSE_HOURS: f64 = 0.5;
/// Courses that also, or only, tell continuing education units: CEDS-Data-Warehouse #130.
pub(crate) const UNITS: f64 = 0.06;
/// Sessions that are two on a day, morning and afternoon.
pub(crate) const SAME_DAY: f64 = 0.04;

// Tests.

/// Tests of a window that are taken again, or were a first, rushed try: NWEA asks to retest after rapid guessing on 30 % of
/// the questions ("How to Retest Students within a Term").
pub(crate) const RETEST: f64 = 0.03;

// Marks, tool use, and rows of any file.

/// Marks stored twice: PowerSchool keeps historical grades beside each other.
pub(crate) const STORED_TWICE: f64 = 0.01;
/// Days of tool use in two rows, one a session.
pub(crate) const SPLIT_USE: f64 = 0.01;
/// Rows that are there twice: two exports put together, TEAMSchools/teamster #4387.
pub(crate) const COPY: f64 = 0.002;
