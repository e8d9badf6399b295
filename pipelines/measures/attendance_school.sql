-- measure: attendance_school
-- role: view
-- grain: free
-- unit: days
-- about: Enrolled and absent days of each student in each school and school year, counted on days of membership only.

-- Where the school's export is of every day, the recorded days are the enrolled ones; elsewhere the calendar's are, and a day without a row was
-- attended. Where a school has no row in a year, absences are unknown; where all rows of its members name other schools, they
-- tell the style.
WITH school AS (
  SELECT school_id, school_year, max(CASE WHEN every_day THEN 1 ELSE 0 END) = 1 AS every_day
  FROM attendance_style
  GROUP BY school_id, school_year
),
elsewhere AS (
  SELECT e.school_id, e.school_year,
         2 * sum(c.recorded_days) >= sum(e.days) AND 4 * sum(c.recorded_days - c.absent_days - c.late_days) >= sum(c.recorded_days) AS every_day
  FROM enrolled_days e
  LEFT JOIN attendance_member c ON c.student_id = e.student_id AND c.school_id = e.school_id AND c.school_year = e.school_year
  GROUP BY e.school_id, e.school_year
),
joined AS (
  SELECT e.student_id, e.school_id, e.school_year, e.days,
         coalesce(s.every_day, x.every_day) AS every_day,
         coalesce(c.recorded_days, 0) AS recorded_days,
         coalesce(c.absent_days, 0) AS absent_days,
         coalesce(c.unexcused_days, 0) AS unexcused_days,
         coalesce(c.suspended_days, 0) AS suspended_days,
         coalesce(c.late_days, 0) AS late_days,
         coalesce(c.part_days, 0) AS part_days
  FROM enrolled_days e
  LEFT JOIN attendance_member c ON c.student_id = e.student_id AND c.school_id = e.school_id AND c.school_year = e.school_year
  LEFT JOIN school s ON s.school_id = e.school_id AND s.school_year = e.school_year
  LEFT JOIN elsewhere x ON x.school_id = e.school_id AND x.school_year = e.school_year
),
enrolled AS (
  SELECT *, CAST(nullif(days, 0) AS BIGINT) AS calendar_days,
         CASE WHEN every_day THEN nullif(recorded_days, 0) WHEN days > 0 THEN days END AS enrolled_days
  FROM joined
)
SELECT student_id, school_id, school_year,
       CAST(enrolled_days AS BIGINT) AS enrolled_days,
       CAST(CASE WHEN every_day IS NOT NULL THEN absent_days END AS BIGINT) AS absent_days,
       CAST(CASE WHEN every_day IS NOT NULL THEN unexcused_days END AS BIGINT) AS unexcused_days,
       CAST(CASE WHEN every_day IS NOT NULL THEN suspended_days END AS BIGINT) AS suspended_days,
       CAST(CASE WHEN every_day IS NOT NULL THEN late_days END AS BIGINT) AS late_days,
       CAST(CASE WHEN every_day IS NOT NULL THEN part_days END AS BIGINT) AS part_days,
       coalesce(calendar_days, nullif(recorded_days, 0)) AS member_days, every_day
FROM enrolled
