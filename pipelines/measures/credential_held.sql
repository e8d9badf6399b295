-- measure: credential_held
-- role: exposure
-- grain: staff
-- unit: yes/no
-- about: Whether a credential (or any of a framework) was held when the school year began.
-- params: credential=any, framework=any

-- A state and not a flow, so it names the day it holds for (`as_of`): issued before the first instructional day, neither
-- expired nor revoked by then.
SELECT DISTINCT coalesce(a.staff_id, w.person_id) AS staff_id, y.school_year, y.first_day AS as_of, 1.0 AS value
FROM credential_award w
JOIN year_span y
  ON w.issued_date < y.first_day
 AND (w.expires_date IS NULL OR w.expires_date >= y.first_day)
 AND (w.revoked_date IS NULL OR w.revoked_date > y.first_day)
LEFT JOIN staff_alias a ON a.system_staff_id = w.person_id
  AND CAST(w.issued_date AS INT) BETWEEN a.from_day AND a.to_day
WHERE w.person_type = 'staff'
  AND ($credential = 'any' OR w.credential_id = $credential)
  AND ($framework = 'any' OR w.framework = $framework)
