-- measure: staff_claim
-- role: view
-- grain: free
-- unit: IDs
-- about: Whom the crosswalks give an ID of another system to, and from which day to which; first and last day included.

-- A row without a begin holds from the start. One without an end holds until the day before the same ID is given to somebody
-- else, or else for good.
WITH claim AS (
  SELECT DISTINCT system_staff_id, staff_id,
         coalesce(CAST(begin_date AS INT), -9999999) AS from_day, CAST(end_date AS INT) AS end_day
  FROM staff_identity
)
SELECT c.system_staff_id, c.staff_id, c.from_day, coalesce(c.end_day, min(n.from_day) - 1, 9999999) AS to_day
FROM claim c
LEFT JOIN claim n
  ON n.system_staff_id = c.system_staff_id AND n.staff_id <> c.staff_id AND n.from_day > c.from_day
GROUP BY c.system_staff_id, c.staff_id, c.from_day, c.end_day
