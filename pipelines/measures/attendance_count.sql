-- measure: attendance_count
-- role: view
-- grain: student
-- unit: days
-- about: Days of each kind that the attendance export holds of a student and school year; its only scan.

-- A row without a period, or of period `day`, is a whole day. A day of period rows counts as absent when at least half of
-- its rows are absences, and as unexcused or suspended when one of them is. Suspensions are absences. `late_days` are days
-- that were attended but begun late or left early; what is in none of the counts was plain presence.
WITH whole AS (
  SELECT student_id, school_year,
         count(*) AS recorded_days,
         count(*) FILTER (WHERE category = 'excused_absence') AS excused_days,
         count(*) FILTER (WHERE category = 'unexcused_absence') AS unexcused_days,
         count(*) FILTER (WHERE category = 'suspension_absence') AS suspended_days,
         count(*) FILTER (WHERE category IN ('tardy', 'early_departure')) AS late_days
  FROM attendance_event
  WHERE period IS NULL OR period = 'day'
  GROUP BY student_id, school_year
),
day AS (
  SELECT student_id, school_year, date,
         2 * count(*) FILTER (WHERE category IN ('excused_absence', 'unexcused_absence', 'suspension_absence'))
           >= count(*) AS absent,
         count(*) FILTER (WHERE category = 'unexcused_absence') > 0 AS unexcused,
         count(*) FILTER (WHERE category = 'suspension_absence') > 0 AS suspended,
         count(*) FILTER (WHERE category IN ('tardy', 'early_departure')) > 0 AS late
  FROM attendance_event
  WHERE period <> 'day'
  GROUP BY student_id, school_year, date
),
counted AS (
  SELECT * FROM whole
  UNION ALL
  SELECT student_id, school_year, count(*),
         count(*) FILTER (WHERE absent AND NOT unexcused AND NOT suspended),
         count(*) FILTER (WHERE absent AND unexcused),
         count(*) FILTER (WHERE absent AND suspended AND NOT unexcused),
         count(*) FILTER (WHERE NOT absent AND late)
  FROM day
  GROUP BY student_id, school_year
)
SELECT coalesce(a.student_id, c.student_id) AS student_id, c.school_year,
       sum(c.recorded_days) AS recorded_days,
       sum(c.excused_days + c.unexcused_days + c.suspended_days) AS absent_days,
       sum(c.unexcused_days) AS unexcused_days,
       sum(c.suspended_days) AS suspended_days,
       sum(c.late_days) AS late_days
FROM counted c
LEFT JOIN student_alias_year a ON a.system_student_id = c.student_id AND a.school_year = c.school_year
GROUP BY 1, 2
