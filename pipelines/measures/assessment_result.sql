-- measure: assessment_result
-- role: view
-- grain: free
-- unit: scores
-- about: The scores that count; it stands in the place of the table.

-- Invalidated and practice tests never count. Of a student's tests of one assessment and subject in one window (fall, winter,
-- spring) those count that were not rushed, at the enrolled grade's level, and growth measures: a worse one counts only where
-- there is no better one. Several that are alike all stay. The window is the one that the test's form names (a vendor's fall,
-- winter or spring; beginning, middle or end of year), else the month's: July to November, December to February, March to June.
WITH result AS (
  SELECT r.student_id, r.assessment, r.form, r.subject, r.date, r.grade_level, r.enrolled_grade_level, r.scale_score,
         r.standard_error, r.percentile, r.performance_level, r.is_growth_measure, r.test_status,
         r.school_year, r.source_file, r.source_line, r.loaded_at,
         coalesce(a.student_id, r.student_id) AS who,
         CASE WHEN lower(r.form) = 'boy' OR lower(r.form) LIKE '%fall%' THEN 'fall'
              WHEN lower(r.form) = 'moy' OR lower(r.form) LIKE '%winter%' THEN 'winter'
              WHEN lower(r.form) = 'eoy' OR lower(r.form) LIKE '%spring%' THEN 'spring'
              WHEN date_part('month', r.date) BETWEEN 7 AND 11 THEN 'fall'
              WHEN date_part('month', r.date) BETWEEN 3 AND 6 THEN 'spring' ELSE 'winter' END AS term,
         CASE WHEN r.test_status = 'rushed' THEN 4 ELSE 0 END
           + CASE WHEN r.grade_level <> r.enrolled_grade_level THEN 2 ELSE 0 END
           + CASE WHEN r.is_growth_measure THEN 0 WHEN r.is_growth_measure IS NULL THEN 0 ELSE 1 END AS worse
  FROM assessment_result r
  LEFT JOIN student_alias a ON a.system_student_id = r.student_id
    AND CAST(r.date AS INT) BETWEEN a.from_day AND a.to_day
  WHERE coalesce(r.test_status, 'valid') NOT IN ('invalid', 'practice')
),
beside AS (
  SELECT *, min(worse) OVER (PARTITION BY who, school_year, assessment, subject, term) AS best
  FROM result
)
SELECT student_id, assessment, form, subject, date, grade_level, enrolled_grade_level, scale_score,
       standard_error, percentile, performance_level, is_growth_measure, test_status, term,
       school_year, source_file, source_line, loaded_at
FROM beside
WHERE worse = best
