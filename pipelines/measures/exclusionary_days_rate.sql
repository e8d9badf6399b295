-- measure: exclusionary_days_rate
-- role: outcome
-- grain: student
-- kind: count
-- unit: days removed per 100 enrolled days
-- about: Days of membership taken by suspension (in and out of school) and expulsion, per 100 of them.
-- params: min_days=45

-- `action_days` has what an action takes. The table is named too, so that years before and after the export's are unknown and not zero.
WITH removed AS (
  SELECT d.student_id, d.school_year, sum(d.days) AS days
  FROM action_days d
  JOIN (SELECT DISTINCT school_year FROM discipline_action) k ON k.school_year = d.school_year
  GROUP BY d.student_id, d.school_year
),
enrolled AS (
  SELECT student_id, school_year, coalesce(member_days, enrolled_days) AS days FROM attendance_year
)
SELECT y.student_id, y.school_year,
       100 * CAST(coalesce(r.days, 0) AS DOUBLE) / CAST(y.days AS DOUBLE) AS value
FROM enrolled y
LEFT JOIN removed r ON r.student_id = y.student_id AND r.school_year = y.school_year
WHERE y.days >= CAST($min_days AS INT)
