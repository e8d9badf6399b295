-- measure: incidents_rate
-- role: outcome
-- grain: student
-- kind: count
-- unit: incidents per 100 enrolled days
-- about: Discipline incidents (all, or of one `severity`) per 100 enrolled days.
-- params: severity=any, min_days=45

WITH incident AS (
  SELECT coalesce(a.student_id, d.student_id) AS student_id, d.school_year, count(*) AS incidents
  FROM discipline_incident d
  LEFT JOIN student_alias a ON a.system_student_id = d.student_id
    AND CAST(d.date AS INT) BETWEEN a.from_day AND a.to_day
  WHERE $severity = 'any' OR d.severity = $severity
  GROUP BY 1, 2
)
SELECT y.student_id, y.school_year,
       100 * CAST(coalesce(i.incidents, 0) AS DOUBLE) / CAST(y.enrolled_days AS DOUBLE) AS value
FROM attendance_year y
LEFT JOIN incident i ON i.student_id = y.student_id AND i.school_year = y.school_year
WHERE y.enrolled_days >= CAST($min_days AS INT)
