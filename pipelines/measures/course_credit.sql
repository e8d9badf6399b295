-- measure: course_credit
-- role: view
-- grain: free
-- unit: credits
-- about: Credits that a student attempted and earned in a course and school year; a course that is stored several times counts once.

-- Student information systems store a course's mark by quarter, semester and year, with the credits in any of them or in all:
-- of a student's course the longest period with credits counts (year before semester before trimester before quarter before
-- anything else), and periods of one length add up. Summer stands apart. A period that two schools stored (a student who moved,
-- a transcript that was taken over) counts once: the row with a section before one without, then the most credits earned.
-- Credits are counted in ten-thousandths, and stand with what they are chosen by in one number, of which the largest is taken.
WITH known AS (
  SELECT section_id, school_year, min(course_code) AS course_code
  FROM section
  GROUP BY section_id, school_year
  HAVING min(course_code) = max(course_code)
),
period AS (
  SELECT session_id, school_year, min(session_type) AS session_type FROM academic_session GROUP BY session_id, school_year
),
mark AS (
  SELECT coalesce(a.student_id, m.student_id) AS student_id, m.school_year, m.school_id, upper(m.term) AS term,
         coalesce(m.course_code, k.course_code, m.section_id || ' ' || coalesce(m.school_id, '')) AS course,
         CASE WHEN m.section_id IS NULL THEN 0 ELSE 1 END AS has_section, p.session_type,
         CAST(round(m.credits_attempted * 10000) AS BIGINT) AS attempted,
         CAST(round(coalesce(m.credits_earned, 0.0) * 10000) AS BIGINT) AS earned
  FROM course_mark m
  LEFT JOIN student_alias_year a ON a.system_student_id = m.student_id AND a.school_year = m.school_year
  LEFT JOIN known k ON k.section_id = m.section_id AND k.school_year = m.school_year
  LEFT JOIN period p ON p.session_id = m.term AND p.school_year = m.school_year
  WHERE m.credits_attempted > 0
),
ranked AS (
  SELECT student_id, school_year, school_id, course, term, has_section, attempted, earned,
         CASE WHEN term LIKE 'SU%' OR term LIKE 'SS%' THEN 1 ELSE 0 END AS summer,
         CASE WHEN session_type = 'year' OR term LIKE 'Y%' OR term LIKE 'FY%' OR term LIKE 'FIN%' OR term IN ('F', 'F1') THEN 5
              WHEN session_type = 'semester' OR term LIKE 'S%' OR term LIKE 'FALL%' THEN 4
              WHEN session_type = 'trimester' OR term LIKE 'T%' THEN 3
              WHEN session_type = 'quarter' OR term LIKE 'Q%' THEN 2
              ELSE 1 END AS length
  FROM mark
),
stored AS (
  SELECT student_id, school_year, course, summer, length, term,
         has_section * 10000000000000000 + sum(earned) * 100000000 + sum(attempted) AS chosen
  FROM ranked
  GROUP BY student_id, school_year, course, summer, length, term, school_id, has_section
),
once AS (
  SELECT student_id, school_year, course, summer, length, max(chosen) % 10000000000000000 AS credits
  FROM stored
  GROUP BY student_id, school_year, course, summer, length, term
),
added AS (
  SELECT student_id, school_year, course, summer,
         length * 10000000000000000 + sum(credits / 100000000) * 100000000 + sum(credits % 100000000) AS chosen
  FROM once
  GROUP BY student_id, school_year, course, summer, length
),
longest AS (
  SELECT student_id, school_year, course, summer, max(chosen) % 10000000000000000 AS credits
  FROM added
  GROUP BY student_id, school_year, course, summer
)
SELECT student_id, school_year, course, summer = 1 AS is_summer,
       CAST(credits % 100000000 AS DOUBLE) / 10000.0 AS attempted, CAST(credits / 100000000 AS DOUBLE) / 10000.0 AS earned
FROM longest
