-- measure: chronic_absence
-- role: outcome
-- grain: student
-- kind: event
-- unit: share of students
-- about: Whether a student missed at least a tenth (`threshold`) of the enrolled days.
-- params: threshold=0.10, min_days=45

SELECT student_id, school_year,
       CASE WHEN CAST(absent_days AS DOUBLE) >= CAST($threshold AS DOUBLE) * CAST(enrolled_days AS DOUBLE)
            THEN 1.0 ELSE 0.0 END AS value
FROM attendance_year
WHERE absent_days IS NOT NULL AND enrolled_days >= CAST($min_days AS INT)
