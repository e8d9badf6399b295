-- measure: staff_alias
-- role: view
-- grain: free
-- unit: IDs
-- about: The staff member behind an ID of another system, from the crosswalks.

-- An ID that a crosswalk gives to two staff members belongs to neither.
SELECT system_staff_id, min(staff_id) AS staff_id
FROM staff_identity
GROUP BY system_staff_id
HAVING count(DISTINCT staff_id) = 1
