-- measure: action_days
-- role: view
-- grain: free
-- unit: days
-- about: Days of each suspension (in and out of school) and expulsion, cut to the student's days of membership; no day counts twice.

-- An action counts if the student is enrolled when it begins. It takes the days of membership of that school year from its first day on, as many as it
-- says (one where it says nothing), and no more than follow; a day that an earlier action took is not taken again. Days are counted along
-- the student's own days of membership (Monday to Friday where the school has no calendar), so that half days and holidays need no row. Sets of days: see `calendar_block`.
WITH action AS (
  SELECT coalesce(a.student_id, d.student_id) AS student_id, d.school_year, d.action,
         CAST(d.begin_date AS INT) AS begin_day, CAST(coalesce(d.days, 1.0) AS DECIMAL(9, 3)) AS days,
         d.source_file, d.source_line
  FROM discipline_action d
  LEFT JOIN student_alias a ON a.system_student_id = d.student_id
    AND CAST(d.begin_date AS INT) BETWEEN a.from_day AND a.to_day
  WHERE d.action IN ('in_school_suspension', 'out_of_school_suspension', 'expulsion')
),
enrolled AS (
  SELECT a.student_id, a.school_year, a.action, a.begin_day, a.days, a.source_file, a.source_line,
         count(s.student_id) > 0 AS known,
         count(*) FILTER (WHERE a.begin_day BETWEEN s.entry_day AND s.to_day) > 0 AS counts
  FROM action a
  LEFT JOIN student_spell s ON s.student_id = a.student_id AND s.school_year = a.school_year
  GROUP BY a.student_id, a.school_year, a.action, a.begin_day, a.days, a.source_file, a.source_line
),
begun AS (
  SELECT DISTINCT student_id, school_year, begin_day FROM enrolled WHERE counts
),
member AS (
  SELECT a.student_id, a.school_year, a.begin_day,
         c.days & (CASE WHEN greatest(s.from_day - 60 * c.block, 0) <= least(least(s.to_day, a.begin_day - 1) - 60 * c.block, 59)
              THEN (CAST(1 AS BIGINT) << CAST(least(least(s.to_day, a.begin_day - 1) - 60 * c.block, 59) + 1 AS BIGINT)) - (CAST(1 AS BIGINT) << CAST(greatest(s.from_day - 60 * c.block, 0) AS BIGINT)) ELSE 0 END) AS before,
         c.days & (CASE WHEN greatest(s.from_day - 60 * c.block, 0) <= least(s.to_day - 60 * c.block, 59)
              THEN (CAST(1 AS BIGINT) << CAST(least(s.to_day - 60 * c.block, 59) + 1 AS BIGINT)) - (CAST(1 AS BIGINT) << CAST(greatest(s.from_day - 60 * c.block, 0) AS BIGINT)) ELSE 0 END) AS days,
         0 AS more_before, 0 AS more
  FROM begun a
  JOIN student_stay s ON s.student_id = a.student_id AND s.school_year = a.school_year
  JOIN calendar_block c ON c.school_id = s.school_id AND c.school_year = s.school_year
  UNION ALL
  SELECT a.student_id, a.school_year, a.begin_day, 0, 0,
         CASE WHEN a.begin_day > s.from_day
              THEN 5 * ((least(s.to_day + 1, a.begin_day) + 3) / 7) + least((least(s.to_day + 1, a.begin_day) + 3) % 7, 5)
                 - 5 * ((s.from_day + 3) / 7) - least((s.from_day + 3) % 7, 5) ELSE 0 END,
         5 * ((s.to_day + 4) / 7) + least((s.to_day + 4) % 7, 5) - 5 * ((s.from_day + 3) / 7) - least((s.from_day + 3) % 7, 5)
  FROM begun a
  JOIN student_stay s ON s.student_id = a.student_id AND s.school_year = a.school_year
  WHERE NOT s.has_calendar
),
bits AS (
  SELECT student_id, school_year, begin_day, more_before, more,
         before - ((before >> 1) & 494109216260077275) - ((before >> 2) & 164703072086692425) AS b,
         days - ((days >> 1) & 494109216260077275) - ((days >> 2) & 164703072086692425) AS d
  FROM member
),
place AS (
  SELECT student_id, school_year, begin_day,
         CAST(sum(((b + (b >> 3)) & 128102389400760775) % 63) + sum(more_before) AS DECIMAL(9, 3)) AS first,
         CAST(sum(((d + (d >> 3)) & 128102389400760775) % 63) + sum(more) AS DECIMAL(9, 3)) AS total
  FROM bits
  GROUP BY student_id, school_year, begin_day
),
taken AS (
  SELECT e.student_id, e.school_year, e.action, e.begin_day, e.days, e.source_file, e.source_line,
         coalesce(p.first, 0) AS first, coalesce(least(p.first + e.days, p.total), 0) AS till
  FROM enrolled e
  LEFT JOIN place p ON p.student_id = e.student_id AND p.school_year = e.school_year AND p.begin_day = e.begin_day
  WHERE e.counts
),
after AS (
  SELECT *, max(till) OVER (PARTITION BY student_id, school_year ORDER BY first, till, begin_day, action, days, source_file, source_line
           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
  FROM taken
)
SELECT student_id, school_year, action, begin_day, true AS counts, true AS known, days AS days_given,
       greatest(till - greatest(first, coalesce(before, 0)), 0) AS days,
       greatest(days - (till - first), 0) AS beyond,
       (till - first) - greatest(till - greatest(first, coalesce(before, 0)), 0) AS twice,
       source_file, source_line
FROM after
UNION ALL
SELECT student_id, school_year, action, begin_day, false AS counts, known, days AS days_given,
       CAST(0 AS DECIMAL(9, 3)) AS days, CAST(0 AS DECIMAL(9, 3)) AS beyond, CAST(0 AS DECIMAL(9, 3)) AS twice, source_file, source_line
FROM enrolled WHERE NOT counts
