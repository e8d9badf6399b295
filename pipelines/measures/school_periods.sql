-- measure: school_periods
-- role: view
-- grain: free
-- unit: periods a day
-- about: How many periods a day each school has, as far as its attendance export shows.

-- A period is known by its number, whatever stands around it (`1`, `01`, `P1`, `1(A-B)`, `A1` and `B1` of rotating days), or by its name. Periods
-- that are rare (less than a tenth of the most frequent one's rows) are not counted. Where all are numbers up to 12, there are at
-- least as many as the highest number says. `students` have a row of any period.
WITH label AS (
  SELECT school_id, school_year, period, count(*) AS n
  FROM attendance_event WHERE period <> 'day'
  GROUP BY school_id, school_year, period
),
number AS (
  SELECT school_id, school_year, regexp_replace(period, '^[^0-9]*0*([0-9]+).*', '\1') AS period, sum(n) AS n
  FROM label
  GROUP BY 1, 2, 3
),
ranked AS (
  SELECT *, max(n) OVER (PARTITION BY school_id, school_year) AS most FROM number
),
common AS (
  SELECT school_id, school_year, count(*) AS periods,
         CASE WHEN min(CASE WHEN regexp_like(period, '^[0-9]{1,2}$') THEN 1 ELSE 0 END) = 1 THEN max(TRY_CAST(period AS INT)) END AS highest
  FROM ranked WHERE 10 * n >= most
  GROUP BY school_id, school_year
),
shown AS (
  SELECT school_id, school_year, count(DISTINCT student_id) AS students
  FROM attendance_periods GROUP BY school_id, school_year
)
SELECT c.school_id, c.school_year, c.periods,
       CASE WHEN c.highest <= 12 THEN c.highest END AS highest, s.students
FROM common c
LEFT JOIN shown s ON (s.school_id IS NOT DISTINCT FROM c.school_id) AND s.school_year = c.school_year
