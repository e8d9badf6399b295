-- measure: class_staff
-- role: view
-- grain: student
-- unit: class days
-- about: Days that each student shared with each staff member in classes of each subject.

-- A day in class counts for its staff by their share of the class on that day, and once however many rows of the roster
-- hold it; `staff_id` is null for the days without one. Days on which the student was enrolled nowhere count for nobody, nor do
-- those before a student entered the class's school or after they left it for good (rows that stay open after a move), nor those before the
-- first and after the last day of school. Who was never enrolled at the class's school (a career center) counts while they are enrolled
-- anywhere, and a student of whom no file tells an enrollment in the year throughout.
-- A section ID that one school uses tells the class; rows of others belong to the class that `roster_school` tells, and
-- where nothing tells it, their days are without a teacher, in the subject that all classes of the ID teach. `school_key` is the
-- school of a shared ID, '' where the ID tells the class, '?' where nothing does. The classes stand first, so that an engine which
-- joins as written keeps them, and not the rosters, in memory.
WITH class AS (
  SELECT section_id, school_year, CASE WHEN is_shared THEN school_id ELSE '' END AS school_key, subject,
         begin_day, end_day, staff_id, place, share
  FROM section_staff
  UNION ALL
  SELECT section_id, school_year, '?', min(subject), -9999999, 9999999, NULL, NULL, 1
  FROM section_class
  WHERE is_shared OR NOT is_clear
  GROUP BY section_id, school_year
  HAVING min(subject) = max(subject)
),
roster AS (
  SELECT coalesce(a.student_id, s.student_id) AS student_id, s.section_id, s.school_year, '' AS school_key,
         CASE WHEN s.begin_date < y.first_day THEN CAST(y.first_day AS INT) ELSE CAST(s.begin_date AS INT) END AS begin_day,
         CASE WHEN s.end_date < y.last_day THEN CAST(s.end_date AS INT) ELSE CAST(y.last_day AS INT) END AS end_day
  FROM student_section s
  LEFT JOIN student_alias a ON a.system_student_id = s.student_id
    AND CAST(s.begin_date AS INT) BETWEEN a.from_day AND a.to_day
  LEFT JOIN year_span y ON y.school_year = s.school_year
  UNION ALL
  SELECT student_id, section_id, school_year, coalesce(school_id, '?'), begin_day, end_day FROM roster_school
),
counted AS (
  SELECT student_id, section_id, school_year, school_key, count(*) AS n, min(begin_day) AS begin_day, max(end_day) AS end_day
  FROM roster
  WHERE begin_day <= end_day
  GROUP BY student_id, section_id, school_year, school_key
),
again AS (
  SELECT r.student_id, r.section_id, r.school_year, r.school_key, r.begin_day, r.end_day,
         max(r.end_day) OVER (PARTITION BY r.student_id, r.section_id, r.school_year, r.school_key
                              ORDER BY r.begin_day, r.end_day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_day
  FROM (SELECT student_id, section_id, school_year, school_key FROM counted WHERE n > 1) c
  JOIN roster r
    ON r.student_id = c.student_id AND r.section_id = c.section_id AND r.school_year = c.school_year
   AND r.school_key = c.school_key AND r.begin_day <= r.end_day
),
attended AS (
  SELECT student_id, section_id, school_year, school_key, begin_day, end_day FROM counted WHERE n = 1
  UNION ALL
  SELECT student_id, section_id, school_year, school_key,
         CASE WHEN before_day >= begin_day THEN before_day + 1 ELSE begin_day END, end_day
  FROM again
),
placed AS (
  SELECT a.student_id, a.section_id, a.school_year, a.school_key, a.begin_day, a.end_day, k.school_id
  FROM (
    SELECT section_id, school_year, CASE WHEN is_shared THEN school_id ELSE '' END AS school_key, min(school_id) AS school_id
    FROM section_class
    GROUP BY 1, 2, 3
  ) k
  RIGHT JOIN attended a ON a.section_id = k.section_id AND a.school_year = k.school_year AND a.school_key = k.school_key
),
anywhere AS (
  SELECT a.student_id, a.section_id, a.school_year, a.school_key, a.school_id,
         greatest(a.begin_day, s.from_day) AS begin_day, least(a.end_day, s.to_day) AS end_day
  FROM student_stay s
  RIGHT JOIN placed a ON a.student_id = s.student_id AND a.school_year = s.school_year
),
present AS (
  SELECT a.student_id, a.section_id, a.school_year, a.school_key,
         greatest(a.begin_day, s.from_day) AS begin_day, least(a.end_day, s.to_day) AS end_day
  FROM (
    SELECT student_id, school_year, school_id, min(from_day) AS from_day, max(to_day) AS to_day
    FROM student_spell
    GROUP BY student_id, school_year, school_id
  ) s
  RIGHT JOIN anywhere a ON a.student_id = s.student_id AND a.school_year = s.school_year AND a.school_id = s.school_id
  WHERE a.begin_day <= a.end_day
)
SELECT e.student_id, e.school_year, t.subject, t.staff_id,
       sum(((CASE WHEN e.end_day < t.end_day THEN e.end_day ELSE t.end_day END)
          - (CASE WHEN e.begin_day > t.begin_day THEN e.begin_day ELSE t.begin_day END) + 1) * t.share) AS days,
       min(t.place) AS place
FROM class t
JOIN present e
  ON e.section_id = t.section_id AND e.school_year = t.school_year AND e.school_key = t.school_key
 AND e.end_day >= t.begin_day AND e.begin_day <= t.end_day AND e.begin_day <= e.end_day
GROUP BY 1, 2, 3, 4
