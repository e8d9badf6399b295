-- measure: student_stay
-- role: view
-- grain: free
-- unit: stays
-- about: Which school's member a student was from which day to which, first and last included; no day of a student stands here twice.

-- Where spells overlap, a day belongs to the one that began last, and the one around it goes on after it; of two that began on one day, to
-- the shorter. On days on which that school is closed, the student is a member of the other one if that is open: such a day is a stay of
-- its own. A school without a calendar gives way to one that has a calendar, because its days cannot be counted. Students with one
-- spell in a year, nearly all, need none of it.
WITH several AS (
  SELECT student_id, school_year FROM student_spell GROUP BY student_id, school_year HAVING count(*) > 1
),
ranked AS (
  SELECT s.*,
         row_number() OVER (PARTITION BY s.student_id, s.school_year
           ORDER BY s.has_calendar, s.entry_day, s.to_day DESC, s.school_id DESC, s.grade_level DESC) AS rank
  FROM student_spell s
  JOIN several m ON m.student_id = s.student_id AND m.school_year = s.school_year
),
cut AS (
  SELECT student_id, school_year, from_day AS day FROM ranked
  UNION
  SELECT student_id, school_year, to_day + 1 FROM ranked
),
part AS (
  SELECT student_id, school_year, day AS from_day,
         lead(day) OVER (PARTITION BY student_id, school_year ORDER BY day) - 1 AS to_day
  FROM cut
),
held AS (
  SELECT r.student_id, r.school_id, r.school_year, r.grade_level, p.from_day, p.to_day, r.has_calendar, r.source_file, r.source_line,
         r.rank, max(r.rank) OVER (PARTITION BY r.student_id, r.school_year, p.from_day) AS wins
  FROM part p
  JOIN ranked r ON r.student_id = p.student_id AND r.school_year = p.school_year
    AND r.from_day <= p.from_day AND r.to_day >= p.to_day
),
open AS (
  SELECT school_id, school_year, CAST(date AS INT) AS day
  FROM calendar_day WHERE is_instructional
  GROUP BY school_id, school_year, CAST(date AS INT)
),
closed AS (
  SELECT h.student_id, h.school_id, h.school_year, h.grade_level, d.day, h.has_calendar, h.source_file, h.source_line,
         h.rank, max(h.rank) OVER (PARTITION BY h.student_id, h.school_year, d.day) AS wins
  FROM held h
  JOIN held w ON w.student_id = h.student_id AND w.school_year = h.school_year AND w.from_day = h.from_day AND w.rank = w.wins
  JOIN open d ON d.school_id = h.school_id AND d.school_year = h.school_year AND d.day BETWEEN h.from_day AND h.to_day
  LEFT JOIN open o ON o.school_id = w.school_id AND o.school_year = w.school_year AND o.day = d.day
  WHERE h.rank < h.wins AND h.school_id <> w.school_id AND o.day IS NULL
)
SELECT s.student_id, s.school_id, s.school_year, s.grade_level, s.from_day, s.to_day, s.has_calendar, s.source_file, s.source_line
FROM student_spell s
LEFT JOIN several m ON m.student_id = s.student_id AND m.school_year = s.school_year
WHERE m.student_id IS NULL
UNION ALL
SELECT student_id, school_id, school_year, grade_level, from_day, to_day, has_calendar, source_file, source_line
FROM held WHERE rank = wins
UNION ALL
SELECT student_id, school_id, school_year, grade_level, day AS from_day, day AS to_day, has_calendar, source_file, source_line
FROM closed WHERE rank = wins
