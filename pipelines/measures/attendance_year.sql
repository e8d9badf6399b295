-- measure: attendance_year
-- role: view
-- grain: student
-- unit: days
-- about: Enrolled and absent days of each student and school year, in either style of attendance export.

-- Districts export either a row for every day or only the exceptions. Where most of a school's rows in a year are
-- plain presence, the rows themselves are the days of membership; elsewhere those come from enrollment and calendar, and a student
-- without a row was never absent. Where a school has no row in a year, absences are unknown.
WITH style AS (
  SELECT y.school_id, y.school_year, 2 * sum(c.absent_days + c.late_days) < sum(c.recorded_days) AS every_day
  FROM student_year y
  JOIN attendance_count c ON c.student_id = y.student_id AND c.school_year = y.school_year
  GROUP BY y.school_id, y.school_year
),
joined AS (
  SELECT y.student_id, y.school_year, y.school_id, s.every_day,
         CASE WHEN s.every_day THEN c.recorded_days
              WHEN y.calendar_days > 0 THEN y.calendar_days END AS enrolled_days,
         coalesce(c.absent_days, 0) AS absent_days,
         coalesce(c.unexcused_days, 0) AS unexcused_days,
         coalesce(c.suspended_days, 0) AS suspended_days,
         coalesce(c.late_days, 0) AS late_days
  FROM student_year y
  LEFT JOIN attendance_count c ON c.student_id = y.student_id AND c.school_year = y.school_year
  LEFT JOIN style s ON s.school_id = y.school_id AND s.school_year = y.school_year
)
SELECT student_id, school_year, school_id, enrolled_days,
       CASE WHEN every_day IS NULL THEN NULL
            WHEN absent_days > enrolled_days THEN enrolled_days ELSE absent_days END AS absent_days,
       CASE WHEN every_day IS NULL THEN NULL
            WHEN unexcused_days > enrolled_days THEN enrolled_days ELSE unexcused_days END AS unexcused_days,
       CASE WHEN every_day IS NULL THEN NULL ELSE suspended_days END AS suspended_days,
       CASE WHEN every_day IS NULL THEN NULL ELSE late_days END AS late_days
FROM joined
