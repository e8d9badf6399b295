-- measure: attendance_days
-- role: view
-- grain: free
-- unit: blocks of 60 days
-- about: Whole days that the attendance export holds of a student, by kind, 60 days in the bits of one number; its only scan of all rows.

-- `system_student_id` is the ID in the export where that is another system's. A row without a period, or of period `day`, is a whole day. Bits as in `calendar_block`. Where rows of one day disagree, an absence
-- goes before tardiness and tardiness before presence, and among absences a suspension before an unexcused and that before an excused one.
SELECT coalesce(a.student_id, d.student_id) AS student_id, a.system_student_id, d.school_year, d.school_id, d.block,
       d.recorded, d.absent, d.unexcused, d.suspended, d.late
FROM (
  SELECT student_id, school_year, school_id, block,
         bit_or(bit) AS recorded,
         coalesce(bit_or(bit) FILTER (WHERE category IN ('excused_absence', 'unexcused_absence', 'suspension_absence')), 0) AS absent,
         coalesce(bit_or(bit) FILTER (WHERE category = 'unexcused_absence'), 0) AS unexcused,
         coalesce(bit_or(bit) FILTER (WHERE category = 'suspension_absence'), 0) AS suspended,
         coalesce(bit_or(bit) FILTER (WHERE category IN ('tardy', 'early_departure')), 0) AS late
  FROM (
    SELECT student_id, school_year, school_id, category, CAST(date AS INT) / 60 AS block,
           CAST(1 AS BIGINT) << CAST(CAST(date AS INT) % 60 AS BIGINT) AS bit
    FROM attendance_event
    WHERE period IS NULL OR period = 'day'
  )
  GROUP BY student_id, school_year, school_id, block
) d
LEFT JOIN student_alias_year a ON a.system_student_id = d.student_id AND a.school_year = d.school_year
