-- measure: pd_activity
-- role: view
-- grain: free
-- unit: activities
-- about: What training was offered, with its hours in clock hours; it stands in the place of the table.

-- A CEU is ten clock hours (ANSI/IACET 1), a semester hour of degree credit fifteen. What the catalog says stands in
-- `recorded_hours` and `recorded_unit`.
SELECT activity_id, title, program, topic, provider, mode, is_required,
       CASE hours_unit WHEN 'ceu' THEN 10.0 WHEN 'degree_credit' THEN 15.0 ELSE 1.0 END * hours AS hours,
       CASE WHEN hours IS NOT NULL THEN 'clock_hours' END AS hours_unit,
       cost_per_participant, funding_source, begin_date, end_date,
       school_year, source_file, source_line, loaded_at,
       hours AS recorded_hours, hours_unit AS recorded_unit
FROM pd_activity
