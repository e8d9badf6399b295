-- measure: credits_earned
-- role: outcome
-- grain: student
-- unit: share of attempted credits
-- about: Credits earned of the credits attempted in a school year, each course once however often it is stored.

SELECT student_id, school_year,
       CAST(sum(CAST(earned AS DECIMAL(12, 4))) AS DOUBLE) / CAST(sum(CAST(attempted AS DECIMAL(12, 4))) AS DOUBLE) AS value
FROM course_credit
GROUP BY student_id, school_year
