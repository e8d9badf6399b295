-- measure: enrolled_days
-- role: view
-- grain: free
-- unit: days
-- about: Days of membership of each student in each school and school year, from enrollment and calendar.

-- Instructional days are counted up once per school; a stay is the difference of two counts, so that no row is made for
-- each student and day. A school without a calendar has no days. A grade that changes within the year is the first one.
WITH point AS (
  SELECT school_id, school_year, day, max(n) AS n
  FROM (
    SELECT school_id, school_year, CAST(date AS INT) AS day, CAST(is_instructional AS INT) AS n FROM calendar_day
    UNION ALL
    SELECT school_id, school_year, from_day - 1, 0 FROM student_stay
    UNION ALL
    SELECT school_id, school_year, to_day, 0 FROM student_stay
  )
  GROUP BY school_id, school_year, day
),
running AS (
  SELECT school_id, school_year, day,
         sum(n) OVER (PARTITION BY school_id, school_year ORDER BY day) AS days
  FROM point
)
SELECT s.student_id, s.school_id, s.school_year,
       CAST(sum(till.days - before.days) AS INT) AS days,
       min(s.from_day) AS from_day,
       first_value(s.grade_level ORDER BY s.from_day) AS grade_level,
       first_value(s.source_file ORDER BY s.from_day) AS source_file,
       first_value(s.source_line ORDER BY s.from_day) AS source_line
FROM student_stay s
JOIN running before
  ON before.school_id = s.school_id AND before.school_year = s.school_year AND before.day = s.from_day - 1
JOIN running till
  ON till.school_id = s.school_id AND till.school_year = s.school_year AND till.day = s.to_day
GROUP BY s.student_id, s.school_id, s.school_year
