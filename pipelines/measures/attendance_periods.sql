-- measure: attendance_periods
-- role: view
-- grain: free
-- unit: blocks of 60 days
-- about: Days of which the attendance export holds single periods, by how many were missed, 60 days in the bits of one number.

-- A day with rows of two schools is one day, of neither school. `half`: days of which at least half of the rows are absences. `missed_1` to `missed_6`: days with at least so many missed periods.
-- `unexcused`, `suspended`, `late`: days with such a period.
WITH day AS (
  SELECT student_id, school_year, date,
         CASE WHEN min(school_id) = max(school_id) THEN min(school_id) END AS school_id,
         count(*) AS periods,
         count(*) FILTER (WHERE category IN ('excused_absence', 'unexcused_absence', 'suspension_absence')) AS missed,
         count(*) FILTER (WHERE category = 'unexcused_absence') AS unexcused,
         count(*) FILTER (WHERE category = 'suspension_absence') AS suspended,
         count(*) FILTER (WHERE category IN ('tardy', 'early_departure')) AS late
  FROM attendance_event
  WHERE period <> 'day'
  GROUP BY student_id, school_year, date
),
bits AS (
  SELECT *, CAST(date AS INT) / 60 AS block, CAST(1 AS BIGINT) << CAST(CAST(date AS INT) % 60 AS BIGINT) AS bit FROM day
),
block AS (
  SELECT student_id, school_year, school_id, block,
         bit_or(bit) AS recorded,
         coalesce(bit_or(bit) FILTER (WHERE 2 * missed >= periods), 0) AS half,
         coalesce(bit_or(bit) FILTER (WHERE missed >= 1), 0) AS missed_1,
         coalesce(bit_or(bit) FILTER (WHERE missed >= 2), 0) AS missed_2,
         coalesce(bit_or(bit) FILTER (WHERE missed >= 3), 0) AS missed_3,
         coalesce(bit_or(bit) FILTER (WHERE missed >= 4), 0) AS missed_4,
         coalesce(bit_or(bit) FILTER (WHERE missed >= 5), 0) AS missed_5,
         coalesce(bit_or(bit) FILTER (WHERE missed >= 6), 0) AS missed_6,
         coalesce(bit_or(bit) FILTER (WHERE unexcused > 0), 0) AS unexcused,
         coalesce(bit_or(bit) FILTER (WHERE suspended > 0), 0) AS suspended,
         coalesce(bit_or(bit) FILTER (WHERE late > 0), 0) AS late
  FROM bits
  GROUP BY student_id, school_year, school_id, block
)
SELECT coalesce(a.student_id, b.student_id) AS student_id, a.system_student_id, b.school_year, b.school_id, b.block, b.recorded,
       b.half, b.missed_1, b.missed_2, b.missed_3, b.missed_4, b.missed_5, b.missed_6, b.unexcused, b.suspended, b.late
FROM block b
LEFT JOIN student_alias_year a ON a.system_student_id = b.student_id AND a.school_year = b.school_year
