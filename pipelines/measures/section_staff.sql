-- measure: section_staff
-- role: view
-- grain: free
-- unit: share of a class
-- about: Who taught a class from day to day; the shares of any day sum to one, a vacancy included.

-- Time is cut wherever an assignment begins or ends. Within a stretch a staff member has the assignment's contribution
-- (1 where the export gives none, 0 for support staff; the largest where several of their rows say so), scaled down where
-- contributions sum to more than one; what is missing to one is a vacancy (`staff_id` is null). A class is a section of one
-- school; `is_shared` says that other schools use its ID. `place` ranks a year's assignments by what they and the staff file
-- say, the lead teacher first, so that ties can be broken without looking at pseudonyms; only assignments that are alike in all of it stand in the
-- order of the export.
WITH class AS (
  SELECT section_id, school_year, school_id, is_shared, subject, begin_day, end_day FROM section_class WHERE is_clear
),
assignment AS (
  SELECT section_id, school_year, school_id, staff_id, begin_day, end_day,
         CAST(coalesce(contribution, CASE WHEN staff_role = 'support' THEN 0.0 ELSE 1.0 END) AS DECIMAL(9, 6)) AS contribution,
         row_number() OVER (
           PARTITION BY school_year
           ORDER BY section_id, school_id,
                    CASE staff_role WHEN 'lead' THEN 0 WHEN 'co_teacher' THEN 2 WHEN 'support' THEN 3 ELSE 1 END,
                    begin_day, end_day, contribution DESC,
                    hire_date, years_experience DESC, highest_degree, staff_school, source_file, source_line) AS place
  FROM section_assignment
  WHERE school_id IS NOT NULL
),
cut AS (
  SELECT section_id, school_year, school_id, begin_day AS day FROM class
  UNION
  SELECT section_id, school_year, school_id, end_day + 1 FROM class
  UNION
  SELECT section_id, school_year, school_id, begin_day FROM assignment
  UNION
  SELECT section_id, school_year, school_id, end_day + 1 FROM assignment
),
stretch AS (
  SELECT section_id, school_year, school_id, day AS begin_day,
         lead(day, 1, 10000000) OVER (PARTITION BY section_id, school_year, school_id ORDER BY day) - 1 AS end_day
  FROM cut
),
staffed AS (
  SELECT s.section_id, s.school_year, s.school_id, c.is_shared, c.subject, s.begin_day, s.end_day,
         t.staff_id, min(t.place) AS place, max(t.contribution) AS contribution
  FROM stretch s
  JOIN class c
    ON c.section_id = s.section_id AND c.school_year = s.school_year AND c.school_id = s.school_id
   AND c.begin_day <= s.begin_day AND c.end_day >= s.end_day
  LEFT JOIN assignment t
    ON t.section_id = s.section_id AND t.school_year = s.school_year AND t.school_id = s.school_id
   AND t.begin_day <= s.begin_day AND t.end_day >= s.end_day AND t.contribution > 0
  GROUP BY s.section_id, s.school_year, s.school_id, c.is_shared, c.subject, s.begin_day, s.end_day, t.staff_id
),
shared AS (
  SELECT *, coalesce(sum(contribution) OVER (PARTITION BY section_id, school_year, school_id, begin_day), 0) AS total
  FROM staffed
)
SELECT section_id, school_year, school_id, is_shared, subject, begin_day, end_day, staff_id, place,
       CAST(CASE WHEN total > 1 THEN CAST(contribution AS DOUBLE) / CAST(total AS DOUBLE)
                 ELSE CAST(contribution AS DOUBLE) END AS DECIMAL(18, 12)) AS share
FROM shared
WHERE staff_id IS NOT NULL
UNION ALL
SELECT section_id, school_year, school_id, is_shared, subject, begin_day, end_day, NULL, NULL,
       CAST(1 - max(total) AS DECIMAL(18, 12))
FROM shared
GROUP BY section_id, school_year, school_id, is_shared, subject, begin_day, end_day
HAVING max(total) < 1
