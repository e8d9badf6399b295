-- measure: section_staff
-- role: view
-- grain: free
-- unit: share of a class
-- about: Who taught a class from day to day; the shares of any day sum to one, a vacancy included.

-- Time is cut wherever an assignment begins or ends. Within a stretch a staff member has the assignment's contribution
-- (1 where the export gives none, 0 for support staff), scaled down where contributions sum to more than one; what is
-- missing to one is a vacancy (`staff_id` is null). `place` ranks a year's assignments by class and by their place in the export, so that
-- ties can be broken without looking at pseudonyms.
WITH assignment AS (
  SELECT t.section_id, t.school_year, coalesce(a.staff_id, t.staff_id) AS staff_id,
         CAST(t.begin_date AS INT) AS begin_day,
         coalesce(CAST(t.end_date AS INT), 9999999) AS end_day,
         CAST(coalesce(t.contribution, CASE WHEN t.staff_role = 'support' THEN 0.0 ELSE 1.0 END)
              AS DECIMAL(9, 6)) AS contribution,
         row_number() OVER (PARTITION BY t.school_year
                            ORDER BY t.section_id, t.source_file, t.source_line) AS place
  FROM staff_section t
  LEFT JOIN staff_alias a ON a.system_staff_id = t.staff_id
    AND CAST(t.begin_date AS INT) BETWEEN a.from_day AND a.to_day
),
cut AS (
  SELECT section_id, school_year, -9999999 AS day FROM section
  UNION
  SELECT section_id, school_year, begin_day FROM assignment
  UNION
  SELECT section_id, school_year, end_day + 1 FROM assignment
),
stretch AS (
  SELECT section_id, school_year, day AS begin_day,
         lead(day, 1, 10000000) OVER (PARTITION BY section_id, school_year ORDER BY day) - 1 AS end_day
  FROM cut
),
staffed AS (
  SELECT s.section_id, s.school_year, c.subject, s.begin_day, s.end_day, t.staff_id, t.place, t.contribution,
         coalesce(sum(t.contribution) OVER (PARTITION BY s.section_id, s.school_year, s.begin_day), 0) AS total
  FROM stretch s
  JOIN section c ON c.section_id = s.section_id AND c.school_year = s.school_year
  LEFT JOIN assignment t
    ON t.section_id = s.section_id AND t.school_year = s.school_year
   AND t.begin_day <= s.begin_day AND t.end_day >= s.end_day AND t.contribution > 0
)
SELECT section_id, school_year, subject, begin_day, end_day, staff_id, place,
       CAST(CASE WHEN total > 1 THEN CAST(contribution AS DOUBLE) / CAST(total AS DOUBLE)
                 ELSE CAST(contribution AS DOUBLE) END AS DECIMAL(18, 12)) AS share
FROM staffed
WHERE staff_id IS NOT NULL
UNION ALL
SELECT section_id, school_year, subject, begin_day, end_day, NULL, NULL, CAST(1 - total AS DECIMAL(18, 12))
FROM (SELECT DISTINCT section_id, school_year, subject, begin_day, end_day, total FROM staffed)
WHERE total < 1
