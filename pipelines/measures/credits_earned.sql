-- measure: credits_earned
-- role: outcome
-- grain: student
-- unit: share of attempted credits
-- about: Credits earned of the credits attempted in a school year.

SELECT coalesce(a.student_id, m.student_id) AS student_id, m.school_year,
       CAST(sum(CAST(coalesce(m.credits_earned, 0.0) AS DECIMAL(12, 4))) AS DOUBLE)
         / CAST(sum(CAST(m.credits_attempted AS DECIMAL(12, 4))) AS DOUBLE) AS value
FROM course_mark m
LEFT JOIN student_alias_year a ON a.system_student_id = m.student_id AND a.school_year = m.school_year
WHERE m.credits_attempted > 0
GROUP BY 1, 2
