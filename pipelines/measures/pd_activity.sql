-- measure: pd_activity
-- role: view
-- grain: free
-- unit: activities
-- about: What training was offered, with its hours in clock hours; it stands in the place of the table.

-- A CEU is ten clock hours (ANSI/IACET 1), a semester hour of degree credit fifteen. What the catalog says stands in
-- `recorded_hours` and `recorded_unit`. Catalogs use a number again: where rows with one number have another title or program and
-- begin on different days, each is an activity of its own, `number·day`, from the day it begins to the day before the next one
-- does. Otherwise the row that begins last counts. `catalog_id` is the number, `from_day` to `to_day` when it means this activity.
WITH known AS (
  SELECT activity_id,
         (min(title) <> max(title) OR min(program) <> max(program)) AND min(begin_date) <> max(begin_date) AS is_reused
  FROM pd_activity
  GROUP BY activity_id
),
offered AS (
  SELECT p.*, k.is_reused,
         row_number() OVER (PARTITION BY p.activity_id, CASE WHEN k.is_reused THEN p.begin_date END
                            ORDER BY p.begin_date DESC NULLS LAST, p.title, p.program, p.mode, p.hours, p.hours_unit, p.provider,
                                     p.cost_per_participant, p.source_file, p.source_line) AS place
  FROM pd_activity p
  JOIN known k ON k.activity_id = p.activity_id
),
dated AS (
  SELECT *, row_number() OVER (PARTITION BY activity_id ORDER BY begin_date NULLS FIRST) AS meaning,
         lead(begin_date) OVER (PARTITION BY activity_id ORDER BY begin_date NULLS FIRST) AS next_date
  FROM offered
  WHERE place = 1
)
SELECT CASE WHEN is_reused THEN activity_id || '·' || coalesce(CAST(begin_date AS VARCHAR), '') ELSE activity_id END AS activity_id,
       title, program, topic, provider, mode, is_required,
       CASE hours_unit WHEN 'ceu' THEN 10.0 WHEN 'degree_credit' THEN 15.0 ELSE 1.0 END * hours AS hours,
       CASE WHEN hours IS NOT NULL THEN 'clock_hours' END AS hours_unit,
       cost_per_participant, funding_source, begin_date, end_date,
       school_year, source_file, source_line, loaded_at,
       hours AS recorded_hours, hours_unit AS recorded_unit,
       activity_id AS catalog_id,
       CASE WHEN meaning = 1 THEN -9999999 ELSE CAST(begin_date AS INT) END AS from_day,
       coalesce(CAST(next_date AS INT) - 1, 9999999) AS to_day
FROM dated
