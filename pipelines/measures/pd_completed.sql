-- measure: pd_completed
-- role: exposure
-- grain: staff
-- unit: yes/no
-- about: Whether training of a program was completed, by the school year in which that happened.
-- params: program

SELECT DISTINCT coalesce(a.staff_id, p.person_id) AS staff_id, p.school_year, 1.0 AS value
FROM pd_participation p
JOIN pd_activity c ON c.activity_id = p.activity_id
LEFT JOIN staff_alias a ON a.system_staff_id = p.person_id
  AND CAST(p.date AS INT) BETWEEN a.from_day AND a.to_day
WHERE p.person_type = 'staff' AND p.status = 'completed' AND c.program = $program
