-- measure: chronic_absence
-- role: outcome
-- grain: student
-- kind: event
-- unit: share of students
-- about: Whether a student missed at least a tenth (`threshold`) of the enrolled days.
-- params: threshold=0.10, min_days=45, grades_out=none, least_absent=1, min_attended=0, part_of_day=half, suspensions=count

-- How authorities say it stands in pipelines/definitions/chronic_absence.toml. `grades_out`: grades that are not judged (`PK`, `PK K`); a
-- student whose grade is not known is judged. `least_absent`: the fewest missed days that make a student absent, `min_attended`: the
-- fewest attended days that are judged. `part_of_day`: a day is missed when `half` of it or more was, or `any` period. `suspensions`: `count`
-- as absences, or `leave_out`.
WITH missed AS (
  SELECT a.student_id, a.school_year, a.enrolled_days, y.grade_level,
         CASE WHEN $part_of_day = 'any' THEN a.part_days ELSE a.absent_days END
         - CASE WHEN $suspensions = 'leave_out' THEN a.suspended_days ELSE 0 END AS days
  FROM attendance_year a
  JOIN student_year y ON y.student_id = a.student_id AND y.school_year = a.school_year
)
SELECT student_id, school_year,
       CASE WHEN CAST(days AS DECIMAL(12, 6)) >= CAST($threshold AS DECIMAL(8, 6)) * CAST(enrolled_days AS DECIMAL(9, 0))
             AND CAST(days AS DECIMAL(12, 6)) >= CAST($least_absent AS DECIMAL(12, 6))
            THEN 1.0 ELSE 0.0 END AS value
FROM missed
WHERE days IS NOT NULL AND enrolled_days >= CAST($min_days AS INT)
  AND enrolled_days - days >= CAST($min_attended AS INT)
  AND strpos(concat(' ', replace($grades_out, ',', ' '), ' '), concat(' ', coalesce(grade_level, '-'), ' ')) = 0
