-- measure: trainer_in_school
-- role: exposure
-- grain: school
-- unit: yes/no
-- about: Whether somebody on the school's staff held a trainer's credential when the school year began.
-- params: credential

-- A state: `as_of` is the day it holds for. Staff hired after that day do not count yet.
SELECT DISTINCT s.school_id, y.school_year, y.first_day AS as_of, 1.0 AS value
FROM credential_award w
JOIN year_span y
  ON w.issued_date < y.first_day
 AND (w.expires_date IS NULL OR w.expires_date >= y.first_day)
 AND (w.revoked_date IS NULL OR w.revoked_date > y.first_day)
LEFT JOIN staff_alias a ON a.system_staff_id = w.person_id
  AND CAST(w.issued_date AS INT) BETWEEN a.from_day AND a.to_day
JOIN staff s ON s.staff_id = coalesce(a.staff_id, w.person_id) AND s.school_year = y.school_year
WHERE w.person_type = 'staff' AND w.credential_id = $credential
  AND s.school_id IS NOT NULL AND (s.hire_date IS NULL OR s.hire_date <= y.first_day)
