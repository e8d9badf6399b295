-- measure: attendance_year
-- role: view
-- grain: student
-- unit: days
-- about: Enrolled and absent days of each student and school year, in either style of attendance export.

-- The days of all schools of the student whose attendance is known, added up; where it is known of none, the days of membership alone.
-- `part_days` are days of which any period was missed, `member_days` all days of membership, whatever is known of them.
WITH added AS (
  SELECT student_id, school_year,
         sum(enrolled_days) FILTER (WHERE absent_days IS NOT NULL AND enrolled_days IS NOT NULL) AS known_days,
         sum(enrolled_days) AS enrolled_days,
         sum(absent_days) FILTER (WHERE enrolled_days IS NOT NULL) AS absent_days,
         sum(unexcused_days) FILTER (WHERE enrolled_days IS NOT NULL) AS unexcused_days,
         sum(suspended_days) FILTER (WHERE enrolled_days IS NOT NULL) AS suspended_days,
         sum(late_days) FILTER (WHERE enrolled_days IS NOT NULL) AS late_days,
         sum(part_days) FILTER (WHERE enrolled_days IS NOT NULL) AS part_days,
         sum(member_days) AS member_days
  FROM attendance_school
  GROUP BY student_id, school_year
)
SELECT y.student_id, y.school_year, y.school_id,
       coalesce(a.known_days, a.enrolled_days) AS enrolled_days,
       a.absent_days, a.unexcused_days, a.suspended_days, a.late_days, a.part_days, a.member_days
FROM student_year y
LEFT JOIN added a ON a.student_id = y.student_id AND a.school_year = y.school_year
