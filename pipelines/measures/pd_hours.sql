-- measure: pd_hours
-- role: exposure
-- grain: staff
-- unit: hours
-- about: Clock hours of training in a program, by the school year in which they were taken.
-- params: program, status=taken, mode=any

-- `status` is taken (completed or attended), completed (all hours of what was completed) or attended; `mode` narrows to in_person,
-- online, hybrid or coaching. The view counts every hour once. The pipeline's window says which years reach an outcome.
SELECT coalesce(a.staff_id, p.person_id) AS staff_id, p.school_year,
       CAST(sum(CAST(p.hours AS DECIMAL(12, 4))) AS DOUBLE) AS value
FROM pd_participation p
JOIN pd_activity c ON c.activity_id = p.activity_id
LEFT JOIN staff_alias a ON a.system_staff_id = p.person_id
  AND CAST(p.date AS INT) BETWEEN a.from_day AND a.to_day
WHERE p.person_type = 'staff' AND c.program = $program
  AND ($status = 'taken' AND p.status IN ('completed', 'attended')
    OR p.status = $status
    OR $status = 'completed' AND p.status = 'attended' AND p.course_completed)
  AND ($mode = 'any' OR c.mode = $mode)
GROUP BY 1, 2
