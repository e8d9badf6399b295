-- measure: attendance_rate
-- role: outcome
-- grain: student
-- unit: share of enrolled days
-- about: Days attended per enrolled day; suspensions count as absences.
-- params: min_days=45

SELECT student_id, school_year,
       1 - CAST(absent_days AS DOUBLE) / CAST(enrolled_days AS DOUBLE) AS value
FROM attendance_year
WHERE absent_days IS NOT NULL AND enrolled_days >= CAST($min_days AS INT)
