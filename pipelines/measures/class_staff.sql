-- measure: class_staff
-- role: view
-- grain: student
-- unit: class days
-- about: Days that each student shared with each staff member in classes of each subject.

-- A day in class counts for its staff by their share of the class on that day; `staff_id` is null for the days without one.
-- The classes stand first, so that an engine which joins as written keeps them, and not the rosters, in memory.
SELECT e.student_id, e.school_year, t.subject, t.staff_id,
       sum(((CASE WHEN e.end_day < t.end_day THEN e.end_day ELSE t.end_day END)
          - (CASE WHEN e.begin_day > t.begin_day THEN e.begin_day ELSE t.begin_day END) + 1) * t.share) AS days,
       min(t.place) AS place
FROM section_staff t
JOIN (
  SELECT coalesce(a.student_id, s.student_id) AS student_id, s.section_id, s.school_year,
         CAST(s.begin_date AS INT) AS begin_day,
         coalesce(CAST(s.end_date AS INT), CAST(y.last_day AS INT)) AS end_day
  FROM student_section s
  LEFT JOIN student_alias a ON a.system_student_id = s.student_id
    AND CAST(s.begin_date AS INT) BETWEEN a.from_day AND a.to_day
  LEFT JOIN year_span y ON y.school_year = s.school_year
) e
  ON e.section_id = t.section_id AND e.school_year = t.school_year
 AND e.end_day >= t.begin_day AND e.begin_day <= t.end_day AND e.begin_day <= e.end_day
GROUP BY 1, 2, 3, 4
