-- measure: unexcused_rate
-- role: outcome
-- grain: student
-- kind: count
-- unit: share of enrolled days
-- about: Unexcused absences per enrolled day.
-- params: min_days=45

SELECT student_id, school_year,
       CAST(unexcused_days AS DOUBLE) / CAST(enrolled_days AS DOUBLE) AS value
FROM attendance_year
WHERE unexcused_days IS NOT NULL AND enrolled_days >= CAST($min_days AS INT)
