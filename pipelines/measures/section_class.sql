-- measure: section_class
-- role: view
-- grain: free
-- unit: classes
-- about: The classes that a section ID means in a school year: one for each school that uses it, several where a school's terms differ in subject.

-- Ed-Fi and most student information systems number sections within a school, and some within a term. Rows of one school
-- with one subject are one class, however many terms list it. Where a school's terms differ in subject, each class has the
-- days of its terms; terms that overlap, or of which no file says the dates, do not tell the classes apart (`is_clear`).
-- `is_shared`: several schools use the ID.
WITH class AS (
  SELECT c.section_id, c.school_year, c.school_id, c.subject,
         min(coalesce(CAST(t.begin_date AS INT), -9999999)) AS begin_day,
         max(coalesce(CAST(t.end_date AS INT), 9999998)) AS end_day
  FROM section c
  LEFT JOIN academic_session t ON t.session_id = c.session_id AND t.school_year = c.school_year
  GROUP BY c.section_id, c.school_year, c.school_id, c.subject
),
known AS (
  SELECT section_id, school_year, min(school_id) <> max(school_id) AS is_shared
  FROM section
  GROUP BY section_id, school_year
),
beside AS (
  SELECT a.section_id, a.school_year, a.school_id, bool_or(a.begin_day <= b.end_day AND b.begin_day <= a.end_day) AS overlaps
  FROM class a
  JOIN class b
    ON b.section_id = a.section_id AND b.school_year = a.school_year AND b.school_id = a.school_id AND b.subject <> a.subject
  GROUP BY a.section_id, a.school_year, a.school_id
)
SELECT c.section_id, c.school_year, c.school_id, c.subject,
       CASE WHEN b.overlaps IS NULL THEN -9999999 ELSE c.begin_day END AS begin_day,
       CASE WHEN b.overlaps IS NULL THEN 9999998 ELSE c.end_day END AS end_day,
       k.is_shared, NOT coalesce(b.overlaps, false) AS is_clear
FROM class c
JOIN known k ON k.section_id = c.section_id AND k.school_year = c.school_year
LEFT JOIN beside b ON b.section_id = c.section_id AND b.school_year = c.school_year AND b.school_id = c.school_id
