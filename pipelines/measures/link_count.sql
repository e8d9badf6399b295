-- measure: link_count
-- role: view
-- grain: free
-- unit: rows
-- about: How many rows of each school year found their partner at each hop from student to training.

WITH enrolled AS (SELECT DISTINCT student_id, school_year FROM student),
class AS (
  SELECT section_id, school_year, bool_and(is_clear AND NOT is_shared) AS is_one
  FROM section_class
  GROUP BY section_id, school_year
),
hop AS (
  SELECT 1 AS position, 'attendance day → student' AS hop, r.school_year,
         CASE WHEN k.student_id IS NULL THEN 0 ELSE r.recorded_days END AS linked, r.recorded_days AS total
  FROM attendance_count r
  LEFT JOIN enrolled k ON k.student_id = r.student_id AND k.school_year = r.school_year
  UNION ALL
  SELECT 2, 'discipline incident → student', r.school_year, CASE WHEN k.student_id IS NULL THEN 0 ELSE 1 END, 1
  FROM discipline_incident r
  LEFT JOIN student_alias a ON a.system_student_id = r.student_id
    AND CAST(r.date AS INT) BETWEEN a.from_day AND a.to_day
  LEFT JOIN enrolled k ON k.student_id = coalesce(a.student_id, r.student_id) AND k.school_year = r.school_year
  UNION ALL
  SELECT 3, 'assessment result → student', r.school_year, CASE WHEN k.student_id IS NULL THEN 0 ELSE 1 END, 1
  FROM assessment_result r
  LEFT JOIN student_alias a ON a.system_student_id = r.student_id
    AND CAST(r.date AS INT) BETWEEN a.from_day AND a.to_day
  LEFT JOIN enrolled k ON k.student_id = coalesce(a.student_id, r.student_id) AND k.school_year = r.school_year
  UNION ALL
  SELECT 4, 'course mark → student', r.school_year, CASE WHEN k.student_id IS NULL THEN 0 ELSE 1 END, 1
  FROM course_mark r
  LEFT JOIN student_alias_year a ON a.system_student_id = r.student_id AND a.school_year = r.school_year
  LEFT JOIN enrolled k ON k.student_id = coalesce(a.student_id, r.student_id) AND k.school_year = r.school_year
  UNION ALL
  SELECT 5, 'class enrollment → class', r.school_year, CASE WHEN k.section_id IS NULL THEN 0 ELSE 1 END, 1
  FROM student_section r
  LEFT JOIN class k ON k.section_id = r.section_id AND k.school_year = r.school_year
  WHERE k.section_id IS NULL OR k.is_one
  UNION ALL
  SELECT 5, 'class enrollment → class', r.school_year, CASE WHEN r.school_id IS NULL THEN 0 ELSE 1 END, 1
  FROM roster_school r
  UNION ALL
  SELECT 6, 'student year → class', r.school_year, CASE WHEN k.student_id IS NULL THEN 0 ELSE 1 END, 1
  FROM enrolled r
  LEFT JOIN (SELECT DISTINCT student_id, school_year FROM class_staff) k
    ON k.student_id = r.student_id AND k.school_year = r.school_year
  UNION ALL
  SELECT 7, 'class day → teacher', r.school_year, CASE WHEN r.staff_id IS NULL THEN 0 ELSE r.days END, r.days
  FROM class_staff r
  UNION ALL
  SELECT 8, 'class assignment → staff', r.school_year, CASE WHEN k.staff_id IS NULL THEN 0 ELSE 1 END, 1
  FROM staff_section r
  LEFT JOIN staff_alias a ON a.system_staff_id = r.staff_id
    AND CAST(r.begin_date AS INT) BETWEEN a.from_day AND a.to_day
  LEFT JOIN staff_ever k ON k.staff_id = coalesce(a.staff_id, r.staff_id)
  UNION ALL
  SELECT 9, 'training record → staff', r.school_year, CASE WHEN k.staff_id IS NULL THEN 0 ELSE 1 END, 1
  FROM pd_participation r
  LEFT JOIN staff_alias a ON a.system_staff_id = r.person_id
    AND CAST(r.date AS INT) BETWEEN a.from_day AND a.to_day
  LEFT JOIN staff_ever k ON k.staff_id = coalesce(a.staff_id, r.person_id)
  WHERE r.person_type = 'staff'
  UNION ALL
  SELECT 10, 'training record → catalog', r.school_year, CASE WHEN k.activity_id IS NULL THEN 0 ELSE 1 END, 1
  FROM pd_participation r
  LEFT JOIN pd_activity k ON k.activity_id = r.activity_id
  UNION ALL
  SELECT 11, 'badge → staff', r.school_year, CASE WHEN k.staff_id IS NULL THEN 0 ELSE 1 END, 1
  FROM credential_award r
  LEFT JOIN staff_alias a ON a.system_staff_id = r.person_id
    AND CAST(r.issued_date AS INT) BETWEEN a.from_day AND a.to_day
  LEFT JOIN staff_ever k ON k.staff_id = coalesce(a.staff_id, r.person_id)
  WHERE r.person_type = 'staff'
  UNION ALL
  SELECT 12, 'tool use → student', r.school_year, CASE WHEN k.student_id IS NULL THEN 0 ELSE 1 END, 1
  FROM tool_usage r
  LEFT JOIN student_alias a ON a.system_student_id = r.person_id
    AND CAST(r.date AS INT) BETWEEN a.from_day AND a.to_day
  LEFT JOIN enrolled k ON k.student_id = coalesce(a.student_id, r.person_id) AND k.school_year = r.school_year
  WHERE r.person_type = 'student'
)
SELECT position, hop, school_year, sum(linked) AS linked, sum(total) AS total
FROM hop
GROUP BY position, hop, school_year
