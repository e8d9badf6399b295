-- measure: exclusionary_days_rate
-- role: outcome
-- grain: student
-- kind: count
-- unit: days removed per 100 enrolled days
-- about: Days of membership taken by suspension (in and out of school) and expulsion, per 100 of them.
-- params: min_days=45

-- The view `discipline_action` has cut each action to days of membership.
WITH removed AS (
  SELECT person AS student_id, school_year, sum(CAST(coalesce(days, 1.0) AS DECIMAL(9, 3))) AS days
  FROM discipline_action
  WHERE action IN ('in_school_suspension', 'out_of_school_suspension', 'expulsion')
  GROUP BY person, school_year
),
enrolled AS (
  SELECT student_id, school_year, coalesce(member_days, enrolled_days) AS days FROM attendance_year
)
SELECT y.student_id, y.school_year,
       100 * CAST(coalesce(r.days, 0) AS DOUBLE) / CAST(y.days AS DOUBLE) AS value
FROM enrolled y
LEFT JOIN removed r ON r.student_id = y.student_id AND r.school_year = y.school_year
WHERE y.days >= CAST($min_days AS INT)
