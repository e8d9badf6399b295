-- measure: lottery_offer
-- role: exposure
-- grain: staff
-- unit: yes/no
-- absent: unknown
-- about: Whether a member of staff was offered a place in their first draw for a program, by the school year of the draw.
-- params: program

-- Only the first draw counts: who enters again has chosen to, and is no longer like those who did not. Of several entries
-- on its day (the same person under two logins) one offer is an offer.
WITH entry AS (
    SELECT coalesce(a.staff_id, e.person_id) AS staff_id, e.school_year, e.drawn_date, e.offered
    FROM lottery_entry e
    LEFT JOIN staff_alias a
      ON a.system_staff_id = e.person_id AND CAST(e.drawn_date AS INT) BETWEEN a.from_day AND a.to_day
    WHERE e.person_type = 'staff' AND e.program = $program
),
first_draw AS (
    SELECT staff_id, min(drawn_date) AS drawn_date FROM entry GROUP BY staff_id
)
SELECT e.staff_id, e.school_year, max(CASE WHEN e.offered THEN 1.0 ELSE 0.0 END) AS value
FROM entry e
JOIN first_draw f ON f.staff_id = e.staff_id AND f.drawn_date = e.drawn_date
GROUP BY e.staff_id, e.school_year
