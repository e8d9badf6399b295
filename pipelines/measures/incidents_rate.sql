-- measure: incidents_rate
-- role: outcome
-- grain: student
-- kind: count
-- unit: incidents per 100 enrolled days
-- about: Discipline incidents (all, or of one `severity`) per 100 enrolled days.
-- params: severity=any, min_days=45

-- An incident counts if the student is enrolled on its day, which need not be a day of school: buses and games are on evenings and Saturdays.
WITH counted AS (
  SELECT coalesce(a.student_id, d.student_id) AS student_id, d.school_year, d.incident_id, d.school_id, d.date
  FROM discipline_incident d
  LEFT JOIN student_alias a ON a.system_student_id = d.student_id
    AND CAST(d.date AS INT) BETWEEN a.from_day AND a.to_day
  JOIN student_spell s ON s.student_id = coalesce(a.student_id, d.student_id) AND s.school_year = d.school_year
    AND CAST(d.date AS INT) BETWEEN s.entry_day AND s.to_day
  WHERE $severity = 'any' OR d.severity = $severity
  GROUP BY 1, 2, 3, 4, 5
),
incident AS (
  SELECT student_id, school_year, count(*) AS incidents FROM counted GROUP BY student_id, school_year
),
enrolled AS (
  SELECT student_id, school_year, coalesce(member_days, enrolled_days) AS days FROM attendance_year
)
SELECT y.student_id, y.school_year,
       100 * CAST(coalesce(i.incidents, 0) AS DOUBLE) / CAST(y.days AS DOUBLE) AS value
FROM enrolled y
LEFT JOIN incident i ON i.student_id = y.student_id AND i.school_year = y.school_year
WHERE y.days >= CAST($min_days AS INT)
