-- measure: exclusionary_days_rate
-- role: outcome
-- grain: student
-- kind: count
-- unit: days removed per 100 enrolled days
-- about: Days of suspension (in and out of school) and expulsion per 100 enrolled days.
-- params: min_days=45

-- An action without a number of days counts as one day.
WITH removed AS (
  SELECT coalesce(a.student_id, d.student_id) AS student_id, d.school_year,
         sum(CAST(coalesce(d.days, 1.0) AS DECIMAL(9, 3))) AS days
  FROM discipline_action d
  LEFT JOIN student_alias a ON a.system_student_id = d.student_id
    AND CAST(d.begin_date AS INT) BETWEEN a.from_day AND a.to_day
  WHERE d.action IN ('in_school_suspension', 'out_of_school_suspension', 'expulsion')
  GROUP BY 1, 2
)
SELECT y.student_id, y.school_year,
       100 * CAST(coalesce(r.days, 0) AS DOUBLE) / CAST(y.enrolled_days AS DOUBLE) AS value
FROM attendance_year y
LEFT JOIN removed r ON r.student_id = y.student_id AND r.school_year = y.school_year
WHERE y.enrolled_days >= CAST($min_days AS INT)
