-- measure: student_year
-- role: view
-- grain: student
-- unit: student years
-- about: One row a student and school year with the school of most enrolled days, grade and covariates.

-- A tie between schools goes to the one entered first. A student whom the student file does not list has no covariates;
-- one without enrollment has no school.
WITH home AS (
  SELECT student_id, school_year,
         CAST(sum(days) AS INT) AS calendar_days,
         count(*) AS schools,
         first_value(school_id ORDER BY days DESC, from_day, school_id) AS school_id,
         first_value(grade_level ORDER BY days DESC, from_day, school_id) AS grade_level,
         first_value(source_file ORDER BY days DESC, from_day, school_id) AS source_file,
         first_value(source_line ORDER BY days DESC, from_day, school_id) AS source_line
  FROM enrolled_days
  GROUP BY student_id, school_year
)
SELECT coalesce(p.student_id, h.student_id) AS student_id,
       coalesce(p.school_year, h.school_year) AS school_year,
       h.school_id,
       coalesce(p.grade_level, h.grade_level) AS grade_level,
       h.calendar_days, h.schools,
       p.gender, p.race_ethnicity, p.economically_disadvantaged, p.english_learner, p.disability, p.homeless,
       coalesce(p.source_file, h.source_file) AS source_file,
       coalesce(p.source_line, h.source_line) AS source_line
FROM student p
FULL JOIN home h ON h.student_id = p.student_id AND h.school_year = p.school_year
