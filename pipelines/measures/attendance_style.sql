-- measure: attendance_style
-- role: view
-- grain: free
-- unit: school years
-- about: Whether a school's attendance export holds a row for every day or only what is not plain presence, for whole days and for periods.

-- What the source declares holds (`style`). Otherwise an export is of every day if, on the dates of which it holds anything, the students of whom it
-- holds anything have a row on at least half of their days of membership, and a quarter of these rows are plain presence: absences alone
-- reach neither, field trips and the like do not reach the first, and days, months or students that are missing change nothing. Where there
-- are fewer than five students, half of the school days from the first row to the last need one too. Rows that name no school, or one
-- without members, are judged with the student's school; those of students without one under the school ''. Sets of days: see `calendar_block`.
WITH school AS (
  SELECT DISTINCT school_id, school_year, has_calendar FROM student_stay
),
block AS (
  SELECT 'day' AS kind, coalesce(k.school_id, y.school_id, '') AS school_id, d.student_id, d.school_year, d.block,
         d.recorded, d.recorded - (d.recorded & (d.absent | d.late)) AS present
  FROM attendance_days d
  LEFT JOIN school k ON k.school_id = d.school_id AND k.school_year = d.school_year
  LEFT JOIN student_year y ON y.student_id = d.student_id AND y.school_year = d.school_year AND k.school_id IS NULL
  UNION ALL
  SELECT 'period', coalesce(k.school_id, y.school_id, ''), d.student_id, d.school_year, d.block,
         d.recorded, d.recorded - (d.recorded & (d.missed_1 | d.late))
  FROM attendance_periods d
  LEFT JOIN school k ON k.school_id = d.school_id AND k.school_year = d.school_year
  LEFT JOIN student_year y ON y.student_id = d.student_id AND y.school_year = d.school_year AND k.school_id IS NULL
),
held AS (
  SELECT b.kind, b.school_id, b.student_id, b.school_year, b.block,
         CASE WHEN k.has_calendar THEN b.recorded & coalesce(c.days, 0) ELSE b.recorded END AS recorded,
         CASE WHEN k.has_calendar THEN b.present & coalesce(c.days, 0) ELSE b.present END AS present
  FROM block b
  LEFT JOIN school k ON k.school_id = b.school_id AND k.school_year = b.school_year
  LEFT JOIN calendar_block c ON c.school_id = b.school_id AND c.school_year = b.school_year AND c.block = b.block
),
bits AS (
  SELECT *, recorded - ((recorded >> 1) & 494109216260077275) - ((recorded >> 2) & 164703072086692425) AS r,
         present - ((present >> 1) & 494109216260077275) - ((present >> 2) & 164703072086692425) AS p
  FROM held
),
dates AS (
  SELECT kind, school_id, school_year, block, bit_or(recorded) AS days,
         sum(((r + (r >> 3)) & 128102389400760775) % 63) AS recorded_days,
         sum(((p + (p >> 3)) & 128102389400760775) % 63) AS present_days
  FROM bits
  GROUP BY kind, school_id, school_year, block
),
day AS (
  SELECT school_id, school_year, CAST(date AS INT) AS day FROM calendar_day WHERE is_instructional
  GROUP BY school_id, school_year, CAST(date AS INT)
  UNION ALL
  SELECT k.school_id, k.school_year, CAST(d.date AS INT)
  FROM school k JOIN calendar_day d ON d.school_year = k.school_year
  WHERE NOT k.has_calendar AND d.is_instructional
  GROUP BY k.school_id, k.school_year, CAST(d.date AS INT)
),
point AS (
  SELECT school_id, school_year, day, sum(n) AS n, max(open) AS open
  FROM (
    SELECT school_id, school_year, from_day AS day, 1 AS n, 0 AS open FROM student_stay
    UNION ALL
    SELECT school_id, school_year, to_day + 1, -1, 0 FROM student_stay
    UNION ALL
    SELECT school_id, school_year, day, 0, 1 FROM day
  )
  GROUP BY school_id, school_year, day
),
member AS (
  SELECT school_id, school_year, day, open,
         sum(n) OVER (PARTITION BY school_id, school_year ORDER BY day) AS members
  FROM point
),
kind AS (SELECT DISTINCT kind, school_id, school_year FROM dates),
expected AS (
  SELECT k.kind, k.school_id, k.school_year, sum(m.members) AS member_days,
         count(*) FILTER (WHERE (d.days >> CAST(m.day % 60 AS BIGINT)) & 1 = 1) AS days_with_rows,
         coalesce(sum(m.members) FILTER (WHERE (d.days >> CAST(m.day % 60 AS BIGINT)) & 1 = 1), 0) AS on_days_with_rows,
         max(m.day) FILTER (WHERE (d.days >> CAST(m.day % 60 AS BIGINT)) & 1 = 1)
           - min(m.day) FILTER (WHERE (d.days >> CAST(m.day % 60 AS BIGINT)) & 1 = 1) + 1 AS span
  FROM kind k
  JOIN member m ON m.school_id = k.school_id AND m.school_year = k.school_year AND m.open = 1
  LEFT JOIN dates d ON d.kind = k.kind AND d.school_id = k.school_id AND d.school_year = k.school_year AND d.block = m.day / 60
  GROUP BY k.kind, k.school_id, k.school_year
),
stated AS (
  SELECT CASE WHEN period IS NULL OR period = 'day' THEN 'day' ELSE 'period' END AS kind, school_id, school_year,
         min(style) AS first, max(style) AS last
  FROM attendance_event
  WHERE style IS NOT NULL
  GROUP BY 1, 2, 3
),
declared AS (
  SELECT s.kind, coalesce(k.school_id, '') AS school_id, s.school_year,
         CASE WHEN min(s.first) = max(s.last) THEN min(s.first) = 'every_day' END AS every_day
  FROM stated s
  LEFT JOIN school k ON k.school_id = s.school_id AND k.school_year = s.school_year
  GROUP BY s.kind, coalesce(k.school_id, ''), s.school_year
),
found AS (
  SELECT kind, school_id, school_year,
         sum(recorded_days) AS recorded_days, sum(present_days) AS present_days
  FROM dates GROUP BY kind, school_id, school_year
),
seen AS (
  SELECT kind, school_id, school_year, count(DISTINCT student_id) AS students
  FROM held GROUP BY kind, school_id, school_year
),
enrolled AS (
  SELECT school_id, school_year, count(DISTINCT student_id) AS students
  FROM student_stay GROUP BY school_id, school_year
)
SELECT f.school_id, f.school_year, f.kind,
       coalesce(d.every_day, o.every_day,
                2 * f.recorded_days * coalesce(greatest(e.students, s.students), 1)
                  >= coalesce(x.on_days_with_rows, 0) * coalesce(s.students, 1)
                AND 4 * f.present_days >= f.recorded_days
                AND (coalesce(s.students, 0) >= 5 OR 14 * coalesce(x.days_with_rows, 0) >= 5 * coalesce(x.span, 0))) AS every_day,
       coalesce(d.every_day, o.every_day) IS NOT NULL AS declared,
       f.recorded_days, coalesce(x.member_days, 0) AS member_days, coalesce(x.days_with_rows, 0) AS days_with_rows
FROM found f
LEFT JOIN seen s ON s.kind = f.kind AND s.school_id = f.school_id AND s.school_year = f.school_year
LEFT JOIN enrolled e ON e.school_id = f.school_id AND e.school_year = f.school_year
LEFT JOIN expected x ON x.kind = f.kind AND x.school_id = f.school_id AND x.school_year = f.school_year
LEFT JOIN declared d ON d.kind = f.kind AND d.school_id = f.school_id AND d.school_year = f.school_year
LEFT JOIN declared o ON o.kind = f.kind AND o.school_id = '' AND o.school_year = f.school_year AND d.school_id IS NULL
