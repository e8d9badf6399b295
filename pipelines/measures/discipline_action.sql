-- measure: discipline_action
-- role: view
-- grain: free
-- unit: actions
-- about: The table's actions, with suspensions (in and out of school) and expulsions cut to days of membership; no day counts twice.

-- This view stands in the table's place: `days` is what an action takes, `days_given` what the export says. An action counts if the student is enrolled
-- when it begins. It takes the days of membership of that school year from its first day on, as many as it says (one where it says nothing),
-- and no more than follow; a day that an earlier action took is not taken again. Days are counted along the student's own days of membership (Monday to
-- Friday where the school has no calendar), so that half days and holidays need no row. `beyond` and `twice` are the days that it
-- does not take for either reason. Of students without any enrollment in that year nothing is known, and the export's days stand.
WITH removal AS (
  SELECT d.action_id, d.incident_id, d.student_id, d.action, d.begin_date, d.days AS days_given, d.school_year,
         d.source_file, d.source_line, d.loaded_at,
         coalesce(a.student_id, d.student_id) AS person, CAST(d.begin_date AS INT) AS begin_day,
         CAST(coalesce(d.days, 1.0) AS DECIMAL(9, 3)) AS days
  FROM discipline_action d
  LEFT JOIN student_alias a ON a.system_student_id = d.student_id
    AND CAST(d.begin_date AS INT) BETWEEN a.from_day AND a.to_day
  WHERE d.action IN ('in_school_suspension', 'out_of_school_suspension', 'expulsion')
),
enrolled AS (
  SELECT r.action_id, r.incident_id, r.student_id, r.action, r.begin_date, r.days_given, r.school_year, r.source_file, r.source_line, r.loaded_at, r.person, r.begin_day, r.days,
         count(s.student_id) > 0 AS known,
         count(*) FILTER (WHERE r.begin_day BETWEEN s.entry_day AND s.to_day) > 0 AS counts
  FROM removal r
  LEFT JOIN student_spell s ON s.student_id = r.person AND s.school_year = r.school_year
  GROUP BY r.action_id, r.incident_id, r.student_id, r.action, r.begin_date, r.days_given, r.school_year, r.source_file, r.source_line, r.loaded_at, r.person, r.begin_day, r.days
),
begun AS (
  SELECT DISTINCT person AS student_id, school_year, begin_day FROM enrolled WHERE counts
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
  SELECT e.*, coalesce(p.first, 0) AS first, coalesce(least(p.first + e.days, p.total), 0) AS till
  FROM enrolled e
  LEFT JOIN place p ON p.student_id = e.person AND p.school_year = e.school_year AND p.begin_day = e.begin_day
  WHERE e.counts
),
after AS (
  SELECT *, coalesce(max(till) OVER (PARTITION BY person, school_year
           ORDER BY first, till, begin_day, action, days, action_id, incident_id, source_file, source_line
           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
  FROM taken
)
SELECT action_id, incident_id, student_id, action, begin_date,
       CAST(greatest(till - greatest(first, before), 0) AS DOUBLE) AS days,
       school_year, source_file, source_line, loaded_at, days_given, true AS counts, person,
       greatest(days - (till - first), 0) AS beyond,
       (till - first) - greatest(till - greatest(first, before), 0) AS twice
FROM after
UNION ALL
SELECT action_id, incident_id, student_id, action, begin_date,
       CASE WHEN known THEN 0.0 ELSE days_given END AS days,
       school_year, source_file, source_line, loaded_at, days_given, false AS counts, person,
       CAST(0 AS DECIMAL(9, 3)) AS beyond, CAST(0 AS DECIMAL(9, 3)) AS twice
FROM enrolled WHERE NOT counts
UNION ALL
SELECT action_id, incident_id, student_id, action, begin_date, days,
       school_year, source_file, source_line, loaded_at, days AS days_given, true AS counts, student_id AS person,
       CAST(0 AS DECIMAL(9, 3)) AS beyond, CAST(0 AS DECIMAL(9, 3)) AS twice
FROM discipline_action
WHERE action NOT IN ('in_school_suspension', 'out_of_school_suspension', 'expulsion')
