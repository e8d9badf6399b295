-- measure: attendance_year
-- role: view
-- grain: student
-- unit: days
-- about: Enrolled and absent days of each student and school year, in either style of attendance export.

-- The days of all schools of the student whose attendance is known, added up; where it is known of none, the days of membership alone. A school
-- without any row in a year (a small program) tells nothing by itself; the student's days there count as attended if at least as many
-- days are known from schools that export exceptions. `part_days` are days of which any period was missed, `member_days` all days of
-- membership, whatever is known of them.
WITH known AS (
  SELECT *, absent_days IS NOT NULL AND enrolled_days IS NOT NULL AS known FROM attendance_school
),
added AS (
  SELECT student_id, school_year,
         sum(enrolled_days) FILTER (WHERE known) AS known_days,
         coalesce(sum(enrolled_days) FILTER (WHERE known AND NOT every_day), 0) AS exception_days,
         coalesce(sum(member_days) FILTER (WHERE every_day IS NULL), 0) AS untold_days,
         sum(enrolled_days) AS enrolled_days,
         sum(absent_days) FILTER (WHERE enrolled_days IS NOT NULL) AS absent_days,
         sum(unexcused_days) FILTER (WHERE enrolled_days IS NOT NULL) AS unexcused_days,
         sum(suspended_days) FILTER (WHERE enrolled_days IS NOT NULL) AS suspended_days,
         sum(late_days) FILTER (WHERE enrolled_days IS NOT NULL) AS late_days,
         sum(part_days) FILTER (WHERE enrolled_days IS NOT NULL) AS part_days,
         sum(member_days) AS member_days
  FROM known
  GROUP BY student_id, school_year
)
SELECT y.student_id, y.school_year, y.school_id,
       coalesce(a.known_days + CASE WHEN a.exception_days >= a.untold_days THEN a.untold_days ELSE 0 END, a.enrolled_days)
         AS enrolled_days,
       a.absent_days, a.unexcused_days, a.suspended_days, a.late_days, a.part_days, a.member_days
FROM student_year y
LEFT JOIN added a ON a.student_id = y.student_id AND a.school_year = y.school_year
