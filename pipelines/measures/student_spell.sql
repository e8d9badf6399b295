-- measure: student_spell
-- role: view
-- grain: free
-- unit: spells
-- about: Enrollment spells that count, each cut to school years; they may overlap, `student_stay` says whose a day is.

-- Void spells are left out: those that end before they begin, or on their first day (unless the source's exit dates name the day after,
-- where a spell of one day looks like that), and those of students who never came
-- (`no_show`, or such words as "no show", "NS", "never attended" as the reason; "not enrolled, eligible to return" is none of them). A spell without an exit runs to the end of its school year, or to the day before
-- the student enters a school in which they stay to the end of the year; a spell that ends sooner lies inside and ends nothing. Where
-- no later year begins with another spell (in its first three weeks), a spell without an exit also runs on into the years for which the
-- student file still lists the student (some systems export only the current spell). A spell that is entered after the last day of
-- school belongs to the next year.
WITH school AS (
  SELECT school_id, school_year, max(CAST(date AS INT)) AS last_day
  FROM calendar_day WHERE is_instructional GROUP BY school_id, school_year
),
spell AS (
  SELECT coalesce(a.student_id, s.student_id) AS student_id, s.school_id, s.school_year, s.grade_level,
         CAST(s.entry_date AS INT) AS entry_day, CAST(s.exit_date AS INT) AS exit_day,
         first_value(s.source_file ORDER BY s.source_file, s.source_line) AS source_file,
         first_value(s.source_line ORDER BY s.source_file, s.source_line) AS source_line
  FROM student_school s
  LEFT JOIN student_alias a ON a.system_student_id = s.student_id
    AND CAST(s.entry_date AS INT) BETWEEN a.from_day AND a.to_day
  WHERE (s.exit_date IS NULL OR s.exit_date > s.entry_date OR (s.exit_date = s.entry_date AND s.exit_exclusive))
    AND NOT coalesce(s.no_show, false)
    AND NOT coalesce(regexp_like(trim(regexp_replace(lower(s.exit_reason), '[^a-z0-9/]+', ' ', 'g')),
      '(^| )no ?shows?(other|exit)?( |$)|^(ns|n/s|n470)$|(^| )(never|did not|didn t) (attend|show|show up|enter|arrive|report|start)(ed)?( school| class| classes)?$'), false)
  GROUP BY 1, 2, 3, 4, 5, 6
),
placed AS (
  SELECT s.*, CASE WHEN s.entry_day > CAST(y.last_day AS INT) THEN s.school_year + 1 ELSE s.school_year END AS own_year,
         s.exit_day IS NULL OR s.exit_day >= coalesce(c.last_day, CAST(y.last_day AS INT)) AS stays,
         s.entry_day <= CAST(y.first_day AS INT) + 20 OR s.entry_day > CAST(y.last_day AS INT) AS begins
  FROM spell s
  LEFT JOIN year_span y ON y.school_year = s.school_year
  LEFT JOIN school c ON c.school_id = s.school_id AND c.school_year = s.school_year
),
followed AS (
  SELECT *,
         min(CASE WHEN stays THEN entry_day END) OVER (
           PARTITION BY student_id ORDER BY entry_day, coalesce(exit_day, 9999999) DESC, school_id DESC, grade_level DESC
           ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_day,
         max(CASE WHEN begins OR stays THEN own_year END) OVER (PARTITION BY student_id) AS last_year
  FROM placed
),
piece AS (
  SELECT f.student_id, f.school_id, y.school_year, f.grade_level, f.entry_day,
         greatest(f.entry_day, CAST(y.first_day AS INT)) AS from_day,
         least(coalesce(f.exit_day, f.next_day - 1, 9999999), CAST(y.last_day AS INT)) AS to_day,
         f.source_file, f.source_line
  FROM followed f
  JOIN year_span y ON y.school_year >= f.own_year
  LEFT JOIN student p ON p.student_id = f.student_id AND p.school_year = y.school_year
  WHERE y.school_year = f.own_year OR f.exit_day IS NOT NULL
     OR (f.next_day IS NULL AND f.last_year <= f.own_year AND p.student_id IS NOT NULL)
)
SELECT p.*, c.school_id IS NOT NULL AS has_calendar
FROM piece p
LEFT JOIN school c ON c.school_id = p.school_id AND c.school_year = p.school_year
WHERE p.from_day <= p.to_day
