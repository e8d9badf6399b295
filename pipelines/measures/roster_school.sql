-- measure: roster_school
-- role: view
-- grain: free
-- unit: class enrollments
-- about: The school whose class a row of a roster means, where its section ID means several classes; empty where nothing says which.

-- The row's own school decides. Where it has none, the student's enrollment on the row's first day does (or the first one
-- after it), among the schools that have such a section; an enrollment that ends on that day gives way to one that goes on. A
-- student who is enrolled at two of those schools at once leaves it open (of two enrollments without an exit that begin on one day only
-- one counts as membership, so they are looked at here as they were sent). A row that ends before it begins means no class.
-- The first and the last by name of the schools of the best rank are found in one pass: where they are the same, it is told.
WITH several AS (
  SELECT DISTINCT section_id, school_year FROM section_class WHERE is_shared OR NOT is_clear
),
asked AS (
  SELECT coalesce(a.student_id, s.student_id) AS student_id, s.section_id, s.school_year, s.school_id AS own_school,
         CASE WHEN s.begin_date < y.first_day THEN CAST(y.first_day AS INT) ELSE CAST(s.begin_date AS INT) END AS begin_day,
         CASE WHEN s.end_date < y.last_day THEN CAST(s.end_date AS INT) ELSE CAST(y.last_day AS INT) END AS end_day,
         s.source_file, s.source_line
  FROM several v
  JOIN student_section s ON s.section_id = v.section_id AND s.school_year = v.school_year
   AND (s.end_date IS NULL OR s.end_date >= s.begin_date)
  LEFT JOIN student_alias a ON a.system_student_id = s.student_id
    AND CAST(s.begin_date AS INT) BETWEEN a.from_day AND a.to_day
  LEFT JOIN year_span y ON y.school_year = s.school_year
),
student_asked AS (
  SELECT DISTINCT student_id, school_year FROM asked WHERE own_school IS NULL
),
entry AS (
  SELECT p.student_id, p.school_year, e.school_id, e.exit_date, CAST(e.entry_date AS INT) AS from_day,
         min(CAST(e.entry_date AS INT)) OVER (PARTITION BY p.student_id, p.school_year ORDER BY CAST(e.entry_date AS INT)
                                              RANGE BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_day
  FROM student_school e
  LEFT JOIN student_alias a ON a.system_student_id = e.student_id
    AND CAST(e.entry_date AS INT) BETWEEN a.from_day AND a.to_day
  JOIN student_asked p ON p.student_id = coalesce(a.student_id, e.student_id) AND p.school_year = e.school_year
  WHERE NOT coalesce(e.no_show, false)
),
enrolled AS (
  SELECT t.student_id, t.school_year, t.school_id, t.from_day, t.to_day
  FROM student_asked p
  JOIN student_spell t ON t.student_id = p.student_id AND t.school_year = p.school_year
  UNION ALL
  SELECT student_id, school_year, school_id, from_day, coalesce(next_day - 1, 9999999) FROM entry WHERE exit_date IS NULL
),
candidate AS (
  SELECT q.student_id, q.section_id, q.school_year, q.begin_day, q.end_day, q.source_file, q.source_line,
         c.school_id || CASE WHEN c.is_clear THEN '+' ELSE '-' END AS school,
         CASE WHEN q.own_school IS NOT NULL THEN 0
              WHEN e.to_day <= q.begin_day AND q.end_day > q.begin_day THEN 10000000
              WHEN e.from_day > q.begin_day THEN e.from_day
              ELSE q.begin_day END AS rank
  FROM asked q
  LEFT JOIN enrolled e
    ON e.student_id = q.student_id AND e.school_year = q.school_year AND q.own_school IS NULL
   AND e.from_day <= q.end_day AND e.to_day >= q.begin_day
  LEFT JOIN section_class c
    ON c.section_id = q.section_id AND c.school_year = q.school_year AND c.school_id = coalesce(q.own_school, e.school_id)
),
told AS (
  SELECT student_id, section_id, school_year, begin_day, end_day, source_file, source_line,
         substr(min(CAST(20000000 + rank AS VARCHAR) || school), 9) AS first_school,
         substr(max(CAST(40000000 - rank AS VARCHAR) || school), 9) AS last_school
  FROM candidate
  GROUP BY student_id, section_id, school_year, begin_day, end_day, source_file, source_line
)
SELECT student_id, section_id, school_year,
       CASE WHEN first_school = last_school AND first_school LIKE '%+'
            THEN substr(first_school, 1, length(first_school) - 1) END AS school_id,
       begin_day, end_day, source_file, source_line
FROM told
