-- measure: section_assignment
-- role: view
-- grain: free
-- unit: assignments
-- about: Who is assigned to which class; the school is empty where the section ID means several classes and nothing says which.

-- Where several schools use a section ID, the assignment's own school decides; where it has none, the staff member's school
-- in the school year, if only one of theirs has such a section.
WITH candidate AS (
  SELECT q.*, s.hire_date, s.years_experience, s.highest_degree, s.school_id AS staff_school,
         CASE WHEN NOT c.is_shared OR c.school_id = coalesce(q.own_school, s.school_id) THEN c.school_id END AS school_id,
         c.is_clear
  FROM section_class c
  JOIN (
    SELECT coalesce(a.staff_id, t.staff_id) AS staff_id, t.section_id, t.school_year, t.school_id AS own_school,
           CAST(t.begin_date AS INT) AS begin_day, coalesce(CAST(t.end_date AS INT), 9999999) AS end_day,
           t.contribution, t.staff_role, t.source_file, t.source_line
    FROM staff_section t
    LEFT JOIN staff_alias a ON a.system_staff_id = t.staff_id
      AND CAST(t.begin_date AS INT) BETWEEN a.from_day AND a.to_day
  ) q ON q.section_id = c.section_id AND q.school_year = c.school_year
  LEFT JOIN staff s ON s.staff_id = q.staff_id AND s.school_year = q.school_year
)
SELECT section_id, school_year,
       CASE WHEN min(school_id) = max(school_id) AND bool_and(is_clear OR school_id IS NULL) THEN min(school_id) END AS school_id,
       staff_id, begin_day, nullif(end_day, -9999999) AS end_day, contribution, staff_role,
       min(hire_date) AS hire_date, max(years_experience) AS years_experience, max(highest_degree) AS highest_degree,
       min(staff_school) AS staff_school, source_file, source_line
FROM candidate
GROUP BY section_id, school_year, own_school, staff_id, begin_day, end_day, contribution, staff_role, source_file, source_line
