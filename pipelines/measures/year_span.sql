-- measure: year_span
-- role: view
-- grain: free
-- unit: school years
-- about: First and last instructional day of each school year.

-- From the schools' calendars; where there are none, from the terms; failing those, from class enrollments.
WITH known AS (
  SELECT school_year, 1 AS preference, min(date) AS first_day, max(date) AS last_day
  FROM calendar_day WHERE is_instructional GROUP BY school_year
  UNION ALL
  SELECT school_year, 2, min(begin_date), max(end_date) FROM academic_session GROUP BY school_year
  UNION ALL
  SELECT school_year, 3, min(begin_date), max(coalesce(end_date, begin_date))
  FROM student_section GROUP BY school_year
)
SELECT school_year,
       first_value(first_day ORDER BY preference) AS first_day,
       first_value(last_day ORDER BY preference) AS last_day
FROM known
WHERE school_year IS NOT NULL
GROUP BY school_year
