-- measure: student_staff
-- role: view
-- grain: student
-- unit: class days
-- about: The teachers of each student, school year and subject, with the days they shared.

-- In a self-contained class the homeroom teacher teaches everything: a student who has no class of a core subject is
-- linked in each of them through the homeroom. `taught_in` says where the link comes from; rows where it equals `subject` count each
-- class day once.
WITH core AS (
  SELECT DISTINCT student_id, school_year FROM class_staff
  WHERE subject IN ('math', 'reading', 'science', 'social_studies')
),
subject AS (
  SELECT 'math' AS subject UNION ALL SELECT 'reading' UNION ALL SELECT 'science' UNION ALL SELECT 'social_studies'
)
SELECT student_id, school_year, subject, subject AS taught_in, staff_id, days, place
FROM class_staff
UNION ALL
SELECT h.student_id, h.school_year, s.subject, h.subject AS taught_in, h.staff_id, h.days, h.place
FROM class_staff h
CROSS JOIN subject s
LEFT JOIN core k ON k.student_id = h.student_id AND k.school_year = h.school_year
WHERE h.subject = 'homeroom' AND k.student_id IS NULL
