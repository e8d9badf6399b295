-- measure: student_stay
-- role: view
-- grain: free
-- unit: stays
-- about: When a student was enrolled where, cut to school years; days as numbers, first and last included.

-- A day belongs to the spell that began last, so no day counts twice. A spell without an exit ends where the student's
-- next one begins, or else with its school year; it runs on into later years for which the student file still lists
-- the student (some systems export only the current spell).
WITH spell AS (
  SELECT coalesce(a.student_id, s.student_id) AS student_id, s.school_id, s.school_year, s.grade_level,
         CAST(s.entry_date AS INT) AS entry_day, CAST(s.exit_date AS INT) AS exit_day,
         lead(CAST(s.entry_date AS INT)) OVER (
           PARTITION BY coalesce(a.student_id, s.student_id)
           ORDER BY s.entry_date, s.source_file, s.source_line) AS next_day,
         s.source_file, s.source_line
  FROM student_school s
  LEFT JOIN student_alias a ON a.system_student_id = s.student_id
    AND CAST(s.entry_date AS INT) BETWEEN a.from_day AND a.to_day
),
bounded AS (
  SELECT *, CASE WHEN next_day <= coalesce(exit_day, next_day) THEN next_day - 1
                 ELSE coalesce(exit_day, 9999999) END AS until_day
  FROM spell
),
stay AS (
  SELECT b.student_id, b.school_id, y.school_year, b.grade_level,
         b.school_year AS entry_year, b.exit_day,
         CASE WHEN b.entry_day > CAST(y.first_day AS INT) THEN b.entry_day
              ELSE CAST(y.first_day AS INT) END AS from_day,
         CASE WHEN b.until_day < CAST(y.last_day AS INT) THEN b.until_day
              ELSE CAST(y.last_day AS INT) END AS to_day,
         b.source_file, b.source_line
  FROM bounded b
  JOIN year_span y ON y.school_year >= b.school_year AND CAST(y.first_day AS INT) <= b.until_day
  WHERE y.school_year = b.school_year OR b.exit_day IS NOT NULL OR b.next_day IS NULL
)
SELECT t.student_id, t.school_id, t.school_year, t.grade_level, t.from_day, t.to_day,
       t.source_file, t.source_line
FROM stay t
LEFT JOIN student p ON p.student_id = t.student_id AND p.school_year = t.school_year
WHERE t.from_day <= t.to_day
  AND (t.school_year = t.entry_year OR t.exit_day IS NOT NULL OR p.student_id IS NOT NULL)
