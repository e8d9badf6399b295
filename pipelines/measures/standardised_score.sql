-- measure: standardised_score
-- role: outcome
-- grain: student
-- unit: SD of the score
-- about: Last score of the window, standardised within assessment, subject, grade and school year.
-- params: assessment, subject, term=spring, min_cell=10

-- Which tests count says the view `assessment_result`. Of several on the last day, one at the enrolled grade's level counts before
-- others, then a growth measure, then the smaller standard error, then the larger score; never the one that stands last.
-- `term` is fall, winter, spring (as the view tells the window) or any. The grade is the export's, or else the student's. Sums are
-- exact decimals, so that no order of rows can show. Cells of fewer than `min_cell` students give no score.
WITH result AS (
  SELECT coalesce(a.student_id, r.student_id) AS student_id, r.school_year, r.scale_score, r.grade_level, r.date,
         CASE WHEN r.grade_level <> r.enrolled_grade_level THEN 0 ELSE 1 END AS on_grade,
         CASE WHEN r.is_growth_measure THEN 1 ELSE 0 END AS growth,
         coalesce(-r.standard_error, -1000000.0) AS precise
  FROM assessment_result r
  LEFT JOIN student_alias a ON a.system_student_id = r.student_id
    AND CAST(r.date AS INT) BETWEEN a.from_day AND a.to_day
  WHERE r.assessment = $assessment AND r.subject = $subject
    AND ($term = 'any' OR r.term = $term)
),
latest AS (
  SELECT student_id, school_year,
         CAST(last_value(scale_score ORDER BY date, on_grade, growth, precise, scale_score, grade_level) AS DECIMAL(12, 4))
           AS score,
         last_value(grade_level ORDER BY date, on_grade, growth, precise, scale_score, grade_level) AS grade_level
  FROM result
  GROUP BY student_id, school_year
),
cell AS (
  SELECT student_id, school_year, score,
         count(*) OVER (PARTITION BY school_year, grade_level) AS n,
         CAST(sum(score) OVER (PARTITION BY school_year, grade_level) AS DOUBLE) AS total,
         CAST(sum(score * score) OVER (PARTITION BY school_year, grade_level) AS DOUBLE) AS squares
  FROM (
    SELECT l.student_id, l.school_year, l.score, coalesce(l.grade_level, y.grade_level) AS grade_level
    FROM latest l
    JOIN student_year y ON y.student_id = l.student_id AND y.school_year = l.school_year
  )
  WHERE grade_level IS NOT NULL
)
SELECT student_id, school_year,
       (CAST(score AS DOUBLE) - total / n) / sqrt((squares - total * total / n) / (n - 1)) AS value
FROM cell
WHERE n >= CAST($min_cell AS INT) AND n > 1 AND squares - total * total / n > 0.000001 * squares
