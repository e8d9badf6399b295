-- measure: pd_participation
-- role: view
-- grain: free
-- unit: hours
-- about: Who took which training when, with clock hours that add up: each hour once, whatever a course's rows repeat; it stands in the place of the table.

-- What is added up is what one person (under whatever IDs) took of one activity in one run: rows of one school year, or of two where
-- the course ran on (the catalog's dates hold both, or nothing was completed and the gap is short). Sessions after a
-- completion with hours are another run. Hours are counted in ten-thousandths, so that shares add up exactly.
-- * Units: a CEU is ten clock hours, a semester hour of degree credit fifteen. One training that is recorded in several units counts
--   in clock hours, or else CEUs. A session that stands under two IDs of a person, or in two sources, counts once.
-- * Where every row repeats the course's own hours, they count once and are shared by the rows; so also where the reader has added up
--   such rows of one day to more than 16 hours.
-- * A completion beside sessions is one more session (it bears a session's ID as they do; where nothing bears one, it is no longer than
--   the longest of them, or what is missing to the course's hours), or the total: then it counts for what the sessions lack.
-- * Rows without hours share what is left of the course's own hours: the sessions, or the completion where there are none.
-- * A number that the catalog uses again is the activity of the row's day.
-- * Who was only enrolled, withdrew or did not come has no hours.
-- `counted_elsewhere`: some of the row's hours are those of another row. `course_completed`: the run has a completion.
WITH course AS (
  SELECT activity_id, catalog_id, from_day, to_day,
         CAST(round(hours * 10000) AS BIGINT) AS course_hours, recorded_unit AS course_unit,
         CAST(begin_date AS INT) AS first_day, CAST(end_date AS INT) AS last_day
  FROM pd_activity
),
recorded AS (
  SELECT p.person_id, p.person_type, coalesce(c.activity_id, p.activity_id) AS activity_id, p.session_id, p.date, p.status,
         p.hours AS recorded_hours, p.hours_unit AS recorded_unit, p.school_year, p.source_file, p.source_line, p.loaded_at,
         p.status IN ('completed', 'attended') AS taken,
         coalesce(a.staff_id, b.student_id, p.person_id) AS who, CAST(p.date AS INT) AS day,
         CASE coalesce(p.hours_unit, c.course_unit) WHEN 'ceu' THEN 2 WHEN 'degree_credit' THEN 3 ELSE 1 END AS unit,
         CAST(round(p.hours * 10000
           * CASE coalesce(p.hours_unit, c.course_unit) WHEN 'ceu' THEN 10 WHEN 'degree_credit' THEN 15 ELSE 1 END) AS BIGINT)
           AS own,
         c.course_hours,
         CASE WHEN c.last_day - c.first_day <= 400 THEN c.first_day END AS first_day,
         CASE WHEN c.last_day - c.first_day <= 400 THEN c.last_day END AS last_day
  FROM pd_participation p
  LEFT JOIN course c ON c.catalog_id = p.activity_id AND CAST(p.date AS INT) BETWEEN c.from_day AND c.to_day
  LEFT JOIN staff_alias a ON p.person_type = 'staff' AND a.system_staff_id = p.person_id
    AND CAST(p.date AS INT) BETWEEN a.from_day AND a.to_day
  LEFT JOIN student_alias b ON p.person_type = 'student' AND b.system_student_id = p.person_id
    AND CAST(p.date AS INT) BETWEEN b.from_day AND b.to_day
),
daily AS (
  SELECT person_id, person_type, activity_id, session_id, date, status, recorded_hours, recorded_unit,
         school_year, source_file, source_line, loaded_at, who, day, unit, course_hours, first_day, last_day, own AS said,
         CASE WHEN status = 'attended' AND own > 160000 AND course_hours > 0 AND own % course_hours = 0 THEN course_hours
              ELSE own END AS own
  FROM recorded
  WHERE taken
),
followed AS (
  SELECT *,
         lag(day) OVER (PARTITION BY who, person_type, activity_id ORDER BY day, status, session_id, unit, own) AS before_day,
         lag(school_year) OVER (PARTITION BY who, person_type, activity_id ORDER BY day, status, session_id, unit, own)
           AS before_year,
         lag(status) OVER (PARTITION BY who, person_type, activity_id ORDER BY day, status, session_id, unit, own) AS before_status,
         lag(session_id) OVER (PARTITION BY who, person_type, activity_id ORDER BY day, status, session_id, unit, own)
           AS before_session,
         lag(unit) OVER (PARTITION BY who, person_type, activity_id ORDER BY day, status, session_id, unit, own) AS before_unit,
         lag(own) OVER (PARTITION BY who, person_type, activity_id ORDER BY day, status, session_id, unit, own) AS before_own,
         min(CASE WHEN own > 0 THEN unit END) OVER (PARTITION BY who, person_type, activity_id, day, status, session_id)
           AS best_of_session
  FROM daily
),
begun AS (
  SELECT *,
         (day IS NOT DISTINCT FROM before_day) AND (status IS NOT DISTINCT FROM before_status)
           AND (session_id IS NOT DISTINCT FROM before_session) AND (unit IS NOT DISTINCT FROM before_unit)
           AND (own IS NOT DISTINCT FROM before_own) AS copy,
         CASE WHEN before_day IS NULL THEN 0
              WHEN school_year <> before_year THEN
                CASE WHEN first_day <= before_day AND last_day >= day THEN 0
                     WHEN before_status = 'attended' AND day - before_day <= CASE WHEN status = 'completed' THEN 183 ELSE 62 END
                     THEN 0 ELSE 1 END
              WHEN before_status = 'completed' AND before_own IS NOT NULL AND status = 'attended' AND own IS NOT NULL
                AND before_day < day THEN 1
              ELSE 0 END AS begins
  FROM followed
),
run AS (
  SELECT *, sum(begins) OVER (PARTITION BY who, person_type, activity_id ORDER BY day) AS run
  FROM begun
),
known AS (
  SELECT *,
         CASE WHEN status = 'attended' THEN best_of_session
              ELSE min(CASE WHEN status = 'completed' AND own > 0 THEN unit END)
                     OVER (PARTITION BY who, person_type, activity_id, run) END AS best
  FROM run
),
told AS (
  SELECT *,
         CASE WHEN copy OR unit <> best THEN 'none'
              WHEN own IS NULL THEN 'open' ELSE status END AS part
  FROM known
),
summed AS (
  SELECT *,
         sum(CASE WHEN part = 'attended' THEN 1 ELSE 0 END) OVER (PARTITION BY who, person_type, activity_id, run) AS sessions,
         sum(CASE WHEN part = 'attended' THEN own ELSE 0 END) OVER (PARTITION BY who, person_type, activity_id, run)
           AS attended,
         max(CASE WHEN part = 'attended' THEN own END) OVER (PARTITION BY who, person_type, activity_id, run) AS longest,
         min(CASE WHEN part = 'attended' THEN own END) OVER (PARTITION BY who, person_type, activity_id, run) AS shortest,
         sum(CASE WHEN part = 'completed' THEN 1 ELSE 0 END) OVER (PARTITION BY who, person_type, activity_id, run)
           AS completions,
         min(CASE WHEN part = 'completed' THEN own END) OVER (PARTITION BY who, person_type, activity_id, run) AS least,
         max(CASE WHEN part = 'completed' THEN own END) OVER (PARTITION BY who, person_type, activity_id, run) AS most,
         sum(CASE WHEN part = 'open' AND status = 'attended' THEN 1 ELSE 0 END)
           OVER (PARTITION BY who, person_type, activity_id, run) AS open_sessions,
         max(CASE WHEN part = 'attended' AND session_id IS NOT NULL THEN 1 ELSE 0 END)
           OVER (PARTITION BY who, person_type, activity_id, run) AS named,
         max(CASE WHEN status = 'completed' THEN 1 ELSE 0 END) OVER (PARTITION BY who, person_type, activity_id, run)
           AS completed
  FROM told
),
judged AS (
  SELECT *,
         CASE WHEN sessions >= 2 AND shortest = course_hours AND longest = course_hours THEN course_hours
              ELSE attended END AS session_hours,
         CASE WHEN part = 'open' THEN CASE WHEN status = 'attended' THEN 'open session' ELSE 'open completion' END
              WHEN part <> 'completed' THEN part
              WHEN sessions = 0 THEN 'more'
              WHEN named = 1 THEN CASE WHEN session_id IS NULL THEN 'total' ELSE 'more' END
              WHEN sessions > 1 AND own <= longest AND NOT (shortest = course_hours AND longest = course_hours) THEN 'more'
              WHEN sessions > 1 THEN 'total'
              WHEN own = attended AND own < course_hours THEN 'more'
              WHEN own < attended AND own + attended <= course_hours THEN 'more'
              WHEN own > attended AND own + attended = course_hours THEN 'more'
              ELSE 'total' END AS kind
  FROM summed
),
added AS (
  SELECT *,
         CASE WHEN sessions = 0 AND completions >= 2 AND least = course_hours AND most = course_hours THEN course_hours
              ELSE sum(CASE WHEN kind = 'more' THEN own ELSE 0 END) OVER (PARTITION BY who, person_type, activity_id, run)
         END AS more_hours,
         max(CASE WHEN kind = 'total' THEN own ELSE 0 END) OVER (PARTITION BY who, person_type, activity_id, run) AS total_hours
  FROM judged
),
due AS (
  SELECT *,
         CASE kind
           WHEN 'attended' THEN session_hours
           WHEN 'more' THEN more_hours
           WHEN 'total' THEN greatest(total_hours - session_hours - more_hours, 0)
           WHEN 'open session' THEN
             CASE WHEN total_hours > 0 THEN 0 ELSE greatest(coalesce(course_hours, 0) - session_hours - more_hours, 0) END
           WHEN 'open completion' THEN
             CASE WHEN open_sessions > 0 THEN 0
                  ELSE greatest(coalesce(course_hours, 0) - greatest(session_hours + more_hours, total_hours), 0) END
           ELSE 0 END AS due,
         CASE WHEN kind IN ('open session', 'open completion') THEN 1 WHEN kind = 'none' THEN 0 ELSE own END AS weight
  FROM added
),
shared AS (
  SELECT *,
         sum(weight) OVER (PARTITION BY who, person_type, activity_id, run, kind
                           ORDER BY day, session_id, own, person_id, source_file, source_line
                           ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS upto,
         sum(weight) OVER (PARTITION BY who, person_type, activity_id, run, kind) AS whole
  FROM due
),
counted AS (
  SELECT *, CASE WHEN whole > 0 THEN (due * upto) / whole - (due * (upto - weight)) / whole ELSE 0 END AS counts
  FROM shared
)
SELECT person_id, person_type, activity_id, session_id, date, status,
       CAST(counts AS DOUBLE) / 10000.0 AS hours, 'clock_hours' AS hours_unit,
       school_year, source_file, source_line, loaded_at,
       recorded_hours, recorded_unit,
       completed = 1 AS course_completed, coalesce(counts < said, false) AS counted_elsewhere
FROM counted
UNION ALL
SELECT person_id, person_type, activity_id, session_id, date, status,
       0.0 AS hours, 'clock_hours' AS hours_unit, school_year, source_file, source_line, loaded_at,
       recorded_hours, recorded_unit, false AS course_completed, false AS counted_elsewhere
FROM recorded
WHERE NOT taken
