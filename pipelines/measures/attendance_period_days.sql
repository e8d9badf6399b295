-- measure: attendance_period_days
-- role: view
-- grain: free
-- unit: blocks of 60 days
-- about: Days from period attendance: a day is missed when at least half of the student's scheduled periods were missed.

-- Where the export holds every period, its rows are the schedule. Where it holds exceptions only, the schedule is the number of classes on the student's
-- roster that day, if rosters of the school's students hold at least half as many classes as the school has periods; otherwise it is the
-- school's number of periods. Where the export shows a single period, that period is the day if more than half of the school's members have
-- a row in the year (attendance is taken once a day); if not, nothing is known and six periods are assumed, so that a period missed is no day missed.
WITH member AS (
  SELECT school_id, school_year, count(DISTINCT student_id) AS students FROM student_stay GROUP BY school_id, school_year
),
school AS (
  SELECT s.school_id, s.school_year,
         CASE WHEN s.periods >= 2 THEN greatest(s.periods, coalesce(s.highest, 0))
              WHEN 2 * s.students > m.students THEN 1
              ELSE greatest(6, coalesce(s.highest, 0)) END AS periods
  FROM school_periods s
  LEFT JOIN member m ON m.school_id = s.school_id AND m.school_year = s.school_year
),
held AS (
  SELECT p.*, coalesce(t.every_day, false) AS every_day, s.periods
  FROM attendance_periods p
  LEFT JOIN school s ON (s.school_id IS NOT DISTINCT FROM p.school_id) AND s.school_year = p.school_year
  LEFT JOIN member k ON k.school_id = p.school_id AND k.school_year = p.school_year
  LEFT JOIN student_year y ON y.student_id = p.student_id AND y.school_year = p.school_year
  LEFT JOIN attendance_style t ON t.kind = 'period' AND t.school_id = coalesce(k.school_id, y.school_id, '') AND t.school_year = p.school_year
),
missing AS (
  SELECT student_id, school_year, max(school_id) AS school_id
  FROM held
  WHERE missed_1 <> 0 AND NOT every_day
  GROUP BY student_id, school_year
),
roster AS (
  SELECT m.student_id, m.school_year, m.school_id, r.section_id, CAST(r.begin_date AS INT) AS from_day,
         max(coalesce(CAST(r.end_date AS INT), CAST(y.last_day AS INT))) AS to_day
  FROM student_section r
  LEFT JOIN student_alias a ON a.system_student_id = r.student_id
    AND CAST(r.begin_date AS INT) BETWEEN a.from_day AND a.to_day
  JOIN missing m ON m.student_id = coalesce(a.student_id, r.student_id) AND m.school_year = r.school_year
  LEFT JOIN year_span y ON y.school_year = r.school_year
  GROUP BY m.student_id, m.school_year, m.school_id, r.section_id, r.school_id, CAST(r.begin_date AS INT)
),
point AS (
  SELECT student_id, school_year, school_id, day, sum(n) AS n
  FROM (
    SELECT student_id, school_year, school_id, from_day AS day, 1 AS n FROM roster WHERE from_day <= to_day
    UNION ALL
    SELECT student_id, school_year, school_id, to_day + 1, -1 FROM roster WHERE from_day <= to_day
  )
  GROUP BY student_id, school_year, school_id, day
),
schedule AS (
  SELECT student_id, school_year, school_id, day AS from_day,
         lead(day) OVER (PARTITION BY student_id, school_year ORDER BY day) - 1 AS to_day,
         sum(n) OVER (PARTITION BY student_id, school_year ORDER BY day) AS classes
  FROM point
),
whole AS (
  SELECT s.school_id, s.school_year
  FROM schedule l
  JOIN school s ON (s.school_id IS NOT DISTINCT FROM l.school_id) AND s.school_year = l.school_year
  WHERE l.classes > 0
  GROUP BY s.school_id, s.school_year
  HAVING 2 * sum(l.classes * (l.to_day - l.from_day + 1)) >= max(s.periods) * sum(l.to_day - l.from_day + 1)
),
own AS (
  SELECT l.student_id, l.school_year, l.from_day, l.to_day, least((l.classes + 1) / 2, 6) AS needed
  FROM schedule l
  JOIN whole w ON (w.school_id IS NOT DISTINCT FROM l.school_id) AND w.school_year = l.school_year
  WHERE l.classes > 0
),
judged AS (
  SELECT p.student_id, p.school_year, p.school_id, p.block,
         p.recorded, p.missed_1 AS part, p.unexcused, p.suspended, p.late,
         CASE WHEN p.every_day THEN p.half
              ELSE CASE least((coalesce(p.periods, 6) + 1) / 2, 6) WHEN 1 THEN p.missed_1 WHEN 2 THEN p.missed_2 WHEN 3 THEN p.missed_3 WHEN 4 THEN p.missed_4 WHEN 5 THEN p.missed_5 ELSE p.missed_6 END END AS by_school,
         CASE l.needed WHEN 1 THEN p.missed_1 WHEN 2 THEN p.missed_2 WHEN 3 THEN p.missed_3 WHEN 4 THEN p.missed_4 WHEN 5 THEN p.missed_5 ELSE p.missed_6 END AS by_roster,
         CASE WHEN l.student_id IS NULL OR p.every_day THEN 0
              WHEN greatest(l.from_day - 60 * p.block, 0) <= least(l.to_day - 60 * p.block, 59)
              THEN (CAST(1 AS BIGINT) << CAST(least(l.to_day - 60 * p.block, 59) + 1 AS BIGINT)) - (CAST(1 AS BIGINT) << CAST(greatest(l.from_day - 60 * p.block, 0) AS BIGINT)) ELSE 0 END AS rostered
  FROM held p
  LEFT JOIN own l ON l.student_id = p.student_id AND l.school_year = p.school_year
    AND l.from_day < 60 * p.block + 60 AND l.to_day >= 60 * p.block
)
SELECT student_id, school_year, school_id, block, recorded, part, unexcused, suspended, late,
       bit_or(by_roster & rostered) | (by_school - (by_school & bit_or(rostered))) AS absent
FROM judged
GROUP BY student_id, school_year, school_id, block, recorded, part, unexcused, suspended, late, by_school
