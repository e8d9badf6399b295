-- measure: student_lottery_offer
-- role: exposure
-- grain: student
-- unit: yes/no
-- absent: unknown
-- about: Whether a student was offered a place in their first draw for a program, by the school year of the draw.
-- params: program

-- As `lottery_offer`, for seats that students draw.
WITH entry AS (
    SELECT coalesce(a.student_id, e.person_id) AS student_id, e.school_year, e.drawn_date, e.offered
    FROM lottery_entry e
    LEFT JOIN student_alias a
      ON a.system_student_id = e.person_id AND CAST(e.drawn_date AS INT) BETWEEN a.from_day AND a.to_day
    WHERE e.person_type = 'student' AND e.program = $program
),
first_draw AS (
    SELECT student_id, min(drawn_date) AS drawn_date FROM entry GROUP BY student_id
)
SELECT e.student_id, e.school_year, max(CASE WHEN e.offered THEN 1.0 ELSE 0.0 END) AS value
FROM entry e
JOIN first_draw f ON f.student_id = e.student_id AND f.drawn_date = e.drawn_date
GROUP BY e.student_id, e.school_year
