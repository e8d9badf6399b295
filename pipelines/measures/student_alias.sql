-- measure: student_alias
-- role: view
-- grain: free
-- unit: IDs
-- about: The student behind an ID of another system, from day to day, from the crosswalks.

-- Days that are claimed for two students belong to neither: the earlier claim ends before the later one begins, and the later
-- one begins after the earlier ends. Claims for one student give way to the earlier one. So no day of an ID stands here twice.
SELECT c.system_student_id, c.student_id,
       coalesce(max(CASE WHEN b.student_id = c.student_id OR b.from_day <= c.from_day THEN b.to_day + 1 END), c.from_day)
         AS from_day,
       coalesce(min(CASE WHEN b.student_id <> c.student_id AND b.from_day > c.from_day THEN b.from_day - 1 END), c.to_day)
         AS to_day
FROM student_claim c
LEFT JOIN student_claim b
  ON b.system_student_id = c.system_student_id AND b.from_day <= c.to_day AND b.to_day >= c.from_day
 AND (b.student_id <> c.student_id OR b.from_day < c.from_day OR (b.from_day = c.from_day AND b.to_day > c.to_day))
GROUP BY c.system_student_id, c.student_id, c.from_day, c.to_day
HAVING coalesce(max(CASE WHEN b.student_id = c.student_id OR b.from_day <= c.from_day THEN b.to_day + 1 END), c.from_day)
    <= coalesce(min(CASE WHEN b.student_id <> c.student_id AND b.from_day > c.from_day THEN b.from_day - 1 END), c.to_day)
