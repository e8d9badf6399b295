-- measure: tool_active_weeks
-- role: exposure
-- grain: student
-- unit: weeks
-- about: Weeks (from Monday) in which a student used a tool for at least `min_minutes`.
-- params: tool, min_minutes=1

-- Day 0 is 1970-01-01, a Thursday: three days on, weeks begin on Monday.
WITH week AS (
  SELECT coalesce(a.student_id, u.person_id) AS student_id, u.school_year,
         (CAST(u.date AS INT) + 3) / 7 AS week,
         sum(CAST(coalesce(u.minutes, 0.0) AS DECIMAL(12, 4))) AS minutes
  FROM tool_usage u
  LEFT JOIN student_alias a ON a.system_student_id = u.person_id
    AND CAST(u.date AS INT) BETWEEN a.from_day AND a.to_day
  WHERE u.person_type = 'student' AND u.tool_id = $tool
  GROUP BY 1, 2, 3
)
SELECT student_id, school_year, CAST(count(*) AS DOUBLE) AS value
FROM week
WHERE minutes >= CAST($min_minutes AS DECIMAL(12, 4))
GROUP BY student_id, school_year
