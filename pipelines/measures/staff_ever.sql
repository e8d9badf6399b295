-- measure: staff_ever
-- role: view
-- grain: free
-- unit: people
-- about: Everyone whom the staff file lists in any school year.

SELECT DISTINCT staff_id FROM staff
