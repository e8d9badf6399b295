-- measure: discipline_outside
-- role: view
-- grain: free
-- unit: rows
-- about: Incidents, and days of suspensions and expulsions, that count for nobody, by export file and reason.

-- Reasons as in `attendance_outside`. Of actions that count, `beyond_membership` are the days after the last day of membership that follows, and
-- `counted_twice` the days that another action of the same student takes.
WITH enrolled AS (
  SELECT student_id, school_year, min(entry_day) AS first_day, max(to_day) AS last_day
  FROM student_spell GROUP BY student_id, school_year
),
incident AS (
  SELECT coalesce(a.student_id, d.student_id) AS student_id, d.school_year, d.incident_id, d.school_id,
         CAST(d.date AS INT) AS day, d.source_file, min(d.source_line) AS source_line,
         count(*) FILTER (WHERE CAST(d.date AS INT) BETWEEN s.entry_day AND s.to_day) AS spells
  FROM discipline_incident d
  LEFT JOIN student_alias a ON a.system_student_id = d.student_id
    AND CAST(d.date AS INT) BETWEEN a.from_day AND a.to_day
  LEFT JOIN student_spell s ON s.student_id = coalesce(a.student_id, d.student_id) AND s.school_year = d.school_year
  GROUP BY 1, 2, 3, 4, 5, 6
),
outside AS (
  SELECT 'discipline_incident' AS table_name, student_id, school_year, day, source_file, source_line, CAST(0 AS DECIMAL(9, 3)) AS days
  FROM incident WHERE spells = 0
  UNION ALL
  SELECT 'discipline_action', person, school_year, CAST(begin_date AS INT), source_file, source_line,
         CAST(coalesce(days_given, 1.0) AS DECIMAL(9, 3))
  FROM discipline_action WHERE NOT counts
),
told AS (
  SELECT o.table_name, o.source_file, o.source_line, o.school_year,
         CASE WHEN e.student_id IS NULL THEN 'not_enrolled'
              WHEN o.day < e.first_day THEN 'before_entry'
              WHEN o.day > e.last_day THEN 'after_exit'
              ELSE 'between_spells' END AS reason,
         o.days
  FROM outside o
  LEFT JOIN enrolled e ON e.student_id = o.student_id AND e.school_year = o.school_year
  UNION ALL
  SELECT 'discipline_action', source_file, source_line, school_year, 'beyond_membership', beyond FROM discipline_action WHERE counts AND beyond > 0
  UNION ALL
  SELECT 'discipline_action', source_file, source_line, school_year, 'counted_twice', twice FROM discipline_action WHERE counts AND twice > 0
)
SELECT table_name, source_file, school_year, reason, count(*) AS rows, CAST(sum(days) AS DOUBLE) AS days,
       min(source_line) AS first_line
FROM told
GROUP BY table_name, source_file, school_year, reason
