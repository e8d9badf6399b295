-- measure: score_growth
-- role: outcome
-- grain: student
-- unit: SD of the score, given the prior score
-- about: How far a score lies above what last school year's score predicts in the same grade.
-- params: assessment, subject, term=spring, min_cell=10

-- Within assessment, subject, grade and school year the score is regressed on the same student's score of the school year
-- before (same assessment, subject and `term`); growth is the residual over the SD of the score. Windows, exact sums and
-- which of several tests counts as in `standardised_score`.
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
sequence AS (
  SELECT student_id, school_year, score, grade_level,
         lag(score) OVER (PARTITION BY student_id ORDER BY school_year) AS prior,
         lag(school_year) OVER (PARTITION BY student_id ORDER BY school_year) AS prior_year
  FROM latest
),
cell AS (
  SELECT student_id, school_year, CAST(score AS DOUBLE) AS y, CAST(prior AS DOUBLE) AS x,
         count(*) OVER (PARTITION BY school_year, grade_level) AS n,
         CAST(sum(score) OVER (PARTITION BY school_year, grade_level) AS DOUBLE) AS sy,
         CAST(sum(prior) OVER (PARTITION BY school_year, grade_level) AS DOUBLE) AS sx,
         CAST(sum(score * score) OVER (PARTITION BY school_year, grade_level) AS DOUBLE) AS syy,
         CAST(sum(prior * prior) OVER (PARTITION BY school_year, grade_level) AS DOUBLE) AS sxx,
         CAST(sum(prior * score) OVER (PARTITION BY school_year, grade_level) AS DOUBLE) AS sxy
  FROM (
    SELECT s.student_id, s.school_year, s.score, s.prior, coalesce(s.grade_level, y.grade_level) AS grade_level
    FROM sequence s
    JOIN student_year y ON y.student_id = s.student_id AND y.school_year = s.school_year
    WHERE s.prior_year = s.school_year - 1
  )
  WHERE grade_level IS NOT NULL
)
SELECT student_id, school_year,
       ((y - sy / n) - (sxy - sx * sy / n) / (sxx - sx * sx / n) * (x - sx / n))
         / sqrt((syy - sy * sy / n) / (n - 1)) AS value
FROM cell
WHERE n >= CAST($min_cell AS INT) AND n > 2
  AND syy - sy * sy / n > 0.000001 * syy AND sxx - sx * sx / n > 0.000001 * sxx
