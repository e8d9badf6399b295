-- measure: credits_earned
-- role: outcome
-- grain: student
-- unit: share of attempted credits
-- about: Credits earned of the credits attempted in a school year, each course once however often it is stored.

SELECT student_id, school_year, CAST(sum(earned) AS DOUBLE) / CAST(sum(attempted) AS DOUBLE) AS value
FROM course_credit
GROUP BY student_id, school_year
