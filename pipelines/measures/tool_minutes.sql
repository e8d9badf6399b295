-- measure: tool_minutes
-- role: exposure
-- grain: student
-- unit: minutes
-- about: Minutes a student used a tool in a school year.
-- params: tool

SELECT coalesce(a.student_id, u.person_id) AS student_id, u.school_year,
       CAST(sum(CAST(coalesce(u.minutes, 0.0) AS DECIMAL(12, 4))) AS DOUBLE) AS value
FROM tool_usage u
LEFT JOIN student_alias a ON a.system_student_id = u.person_id
  AND CAST(u.date AS INT) BETWEEN a.from_day AND a.to_day
WHERE u.person_type = 'student' AND u.tool_id = $tool
GROUP BY 1, 2
