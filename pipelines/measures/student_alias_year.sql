-- measure: student_alias_year
-- role: view
-- grain: free
-- unit: IDs
-- about: The student behind an ID of another system in a school year, for rows that name no day or are counted by year.

-- An ID that is claimed for two students within one school year belongs to neither in that year.
SELECT c.system_student_id, y.school_year, min(c.student_id) AS student_id
FROM student_claim c
JOIN year_span y ON c.from_day <= CAST(y.last_day AS INT) AND c.to_day >= CAST(y.first_day AS INT)
GROUP BY c.system_student_id, y.school_year
HAVING count(DISTINCT c.student_id) = 1
