-- measure: attendance_outside
-- role: view
-- grain: free
-- unit: rows
-- about: Attendance rows that count for nobody because their day is no day of membership, by export file and reason.

-- `not_enrolled`: no enrollment in that school year. `before_entry`, `after_exit`, `between_spells`: of the school that the row names, or of any where the
-- student was never enrolled there. `no_school_day`: a holiday, a weekend, a summer day. Only students are looked at of whom the
-- export holds other days than those that were counted.
WITH counted AS (
  SELECT student_id, school_year, sum(recorded_days) AS days FROM attendance_member GROUP BY student_id, school_year
),
suspect AS (
  SELECT c.student_id, c.school_year
  FROM attendance_count c
  LEFT JOIN counted k ON k.student_id = c.student_id AND k.school_year = c.school_year
  WHERE c.recorded_days <> coalesce(k.days, 0)
),
held AS (
  SELECT d.student_id, coalesce(d.system_student_id, d.student_id) AS system_student_id, d.school_year, d.school_id, d.block, d.recorded
  FROM attendance_days d
  JOIN suspect s ON s.student_id = d.student_id AND s.school_year = d.school_year
  UNION ALL
  SELECT d.student_id, coalesce(d.system_student_id, d.student_id) AS system_student_id, d.school_year, d.school_id, d.block, d.recorded
  FROM attendance_periods d
  JOIN suspect s ON s.student_id = d.student_id AND s.school_year = d.school_year
),
block AS (
  SELECT student_id, system_student_id, school_year, school_id, block, bit_or(recorded) AS recorded
  FROM held
  GROUP BY student_id, system_student_id, school_year, school_id, block
),
member AS (
  SELECT h.student_id, h.school_year, h.block,
         bit_or((CASE WHEN greatest(s.from_day - 60 * h.block, 0) <= least(s.to_day - 60 * h.block, 59)
              THEN (CAST(1 AS BIGINT) << CAST(least(s.to_day - 60 * h.block, 59) + 1 AS BIGINT)) - (CAST(1 AS BIGINT) << CAST(greatest(s.from_day - 60 * h.block, 0) AS BIGINT)) ELSE 0 END)
           & CASE WHEN s.has_calendar THEN coalesce(c.days, 0) ELSE -1 END) AS days
  FROM (SELECT DISTINCT student_id, school_year, block FROM block) h
  JOIN student_stay s ON s.student_id = h.student_id AND s.school_year = h.school_year
  LEFT JOIN calendar_block c ON c.school_id = s.school_id AND c.school_year = s.school_year AND c.block = h.block
  GROUP BY h.student_id, h.school_year, h.block
),
own AS (
  SELECT h.student_id, h.system_student_id, h.school_year, h.school_id, h.block, h.recorded,
         bit_or(CASE WHEN s.student_id IS NULL THEN -1
              WHEN greatest(s.from_day - 60 * h.block, 0) <= least(s.to_day - 60 * h.block, 59)
              THEN (CAST(1 AS BIGINT) << CAST(least(s.to_day - 60 * h.block, 59) + 1 AS BIGINT)) - (CAST(1 AS BIGINT) << CAST(greatest(s.from_day - 60 * h.block, 0) AS BIGINT)) ELSE 0 END) AS days,
         min(s.from_day) AS first_day, max(s.to_day) AS last_day
  FROM block h
  LEFT JOIN student_spell s ON s.student_id = h.student_id AND s.school_year = h.school_year AND s.school_id = h.school_id
  GROUP BY h.student_id, h.system_student_id, h.school_year, h.school_id, h.block, h.recorded
),
enrolled AS (
  SELECT student_id, school_year, min(from_day) AS first_day, max(to_day) AS last_day
  FROM student_stay GROUP BY student_id, school_year
),
outside AS (
  SELECT o.system_student_id, o.school_year, o.school_id, o.block,
         o.recorded - (o.recorded & o.days & coalesce(m.days, 0)) AS days,
         o.days & o.recorded AS own_days,
         coalesce(o.first_day, e.first_day) AS first_day, coalesce(o.last_day, e.last_day) AS last_day,
         CAST(y.first_day AS INT) AS year_begins, CAST(y.last_day AS INT) AS year_ends
  FROM own o
  LEFT JOIN member m ON m.student_id = o.student_id AND m.school_year = o.school_year AND m.block = o.block
  LEFT JOIN enrolled e ON e.student_id = o.student_id AND e.school_year = o.school_year
  LEFT JOIN year_span y ON y.school_year = o.school_year
  WHERE o.recorded <> (o.recorded & o.days & coalesce(m.days, 0))
),
told AS (
  SELECT r.source_file, r.source_line, r.school_year, r.category,
         CASE WHEN o.first_day IS NULL THEN 'not_enrolled'
              WHEN CAST(r.date AS INT) NOT BETWEEN o.year_begins AND o.year_ends THEN 'no_school_day'
              WHEN CAST(r.date AS INT) < o.first_day THEN 'before_entry'
              WHEN CAST(r.date AS INT) > o.last_day THEN 'after_exit'
              WHEN (o.own_days >> CAST(CAST(r.date AS INT) % 60 AS BIGINT)) & 1 = 0 THEN 'between_spells'
              ELSE 'no_school_day' END AS reason
  FROM outside o
  JOIN attendance_event r
    ON r.student_id = o.system_student_id AND r.school_year = o.school_year AND CAST(r.date AS INT) / 60 = o.block
  WHERE (o.days >> CAST(CAST(r.date AS INT) % 60 AS BIGINT)) & 1 = 1
    AND coalesce(r.school_id, '') = coalesce(o.school_id, '')
)
SELECT source_file, school_year, reason, count(*) AS rows,
       count(*) FILTER (WHERE category IN ('excused_absence', 'unexcused_absence', 'suspension_absence')) AS absences,
       min(source_line) AS first_line
FROM told
GROUP BY source_file, school_year, reason
