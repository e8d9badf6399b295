-- measure: student_alias
-- role: view
-- grain: free
-- unit: IDs
-- about: The student behind an ID of another system, from the crosswalks.

-- An ID that a crosswalk gives to two students belongs to neither.
SELECT system_student_id, min(student_id) AS student_id
FROM student_identity
GROUP BY system_student_id
HAVING count(DISTINCT student_id) = 1
