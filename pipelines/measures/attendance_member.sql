-- measure: attendance_member
-- role: view
-- grain: free
-- unit: days
-- about: Recorded and absent days of each student in each school and school year, on days of membership only.

-- A row counts on the days of the student's spells at the school it names, or on any day of membership where the student has no spell at that
-- school. Where all spells there are void (a no-show who is marked absent until the school drops them), it counts on none. Of a day there is one record: whole-day rows go before periods, absences before tardiness before presence. It belongs to the school
-- that `student_stay` names. Of students with one spell in the year that spell's days
-- are all there is. Sets of days and how they are counted: see `calendar_block`.
WITH row AS (
  SELECT student_id, school_year, school_id, block,
         recorded AS day_recorded, absent AS day_absent, unexcused AS day_unexcused, suspended AS day_suspended, late AS day_late,
         CAST(0 AS BIGINT) AS recorded, CAST(0 AS BIGINT) AS absent, CAST(0 AS BIGINT) AS unexcused,
         CAST(0 AS BIGINT) AS suspended, CAST(0 AS BIGINT) AS late, CAST(0 AS BIGINT) AS part
  FROM attendance_days
  UNION ALL
  SELECT student_id, school_year, school_id, block, 0, 0, 0, 0, 0, recorded, absent, unexcused, suspended, late, part
  FROM attendance_period_days
),
several AS (
  SELECT student_id, school_year FROM student_spell GROUP BY student_id, school_year HAVING count(*) > 1
),
spell AS (
  SELECT s.student_id, s.school_year, s.school_id, s.from_day, s.to_day
  FROM student_spell s
  JOIN several m ON m.student_id = s.student_id AND m.school_year = s.school_year
  UNION ALL
  SELECT v.student_id, v.school_year, v.school_id, 1, 0
  FROM (
    SELECT DISTINCT coalesce(a.student_id, e.student_id) AS student_id, e.school_year, e.school_id
    FROM student_school e
    LEFT JOIN student_alias a ON a.system_student_id = e.student_id
      AND CAST(e.entry_date AS INT) BETWEEN a.from_day AND a.to_day
  ) v
  LEFT JOIN student_spell p
    ON p.student_id = v.student_id AND p.school_year = v.school_year AND p.school_id = v.school_id
  WHERE p.student_id IS NULL
),
valid AS (
  SELECT r.*, CASE WHEN s.student_id IS NULL THEN -1
              WHEN greatest(s.from_day - 60 * r.block, 0) <= least(s.to_day - 60 * r.block, 59)
              THEN (CAST(1 AS BIGINT) << CAST(least(s.to_day - 60 * r.block, 59) + 1 AS BIGINT)) - (CAST(1 AS BIGINT) << CAST(greatest(s.from_day - 60 * r.block, 0) AS BIGINT)) ELSE 0 END AS days
  FROM row r
  LEFT JOIN spell s
    ON s.student_id = r.student_id AND s.school_year = r.school_year AND s.school_id = r.school_id
),
student_block AS (
  SELECT student_id, school_year, block,
         bit_or(day_recorded & days) AS day_recorded, bit_or(day_absent & days) AS day_absent,
         bit_or(day_unexcused & days) AS day_unexcused, bit_or(day_suspended & days) AS day_suspended,
         bit_or(day_late & days) AS day_late,
         bit_or(recorded & days) AS recorded, bit_or(absent & days) AS absent, bit_or(unexcused & days) AS unexcused,
         bit_or(suspended & days) AS suspended, bit_or(late & days) AS late, bit_or(part & days) AS part
  FROM valid
  GROUP BY student_id, school_year, block
),
stay AS (
  SELECT s.student_id, s.school_year, s.school_id, r.*,
         (CASE WHEN greatest(s.from_day - 60 * r.block, 0) <= least(s.to_day - 60 * r.block, 59)
              THEN (CAST(1 AS BIGINT) << CAST(least(s.to_day - 60 * r.block, 59) + 1 AS BIGINT)) - (CAST(1 AS BIGINT) << CAST(greatest(s.from_day - 60 * r.block, 0) AS BIGINT)) ELSE 0 END)
         & CASE WHEN s.has_calendar THEN coalesce(c.days, 0) ELSE -1 END AS days
  FROM (
    SELECT student_id AS of_student, school_year AS of_year, block,
           day_recorded | recorded AS recorded,
           day_absent | (absent - (absent & day_recorded)) AS absent,
           day_unexcused | (unexcused - (unexcused & day_recorded)) AS unexcused,
           day_suspended | (suspended - (suspended & day_recorded)) AS suspended,
           day_late | (late - (late & day_recorded)) AS late,
           part - (part & day_recorded) AS part
    FROM student_block
  ) r
  JOIN student_stay s ON s.student_id = r.of_student AND s.school_year = r.of_year
    AND s.from_day < 60 * r.block + 60 AND s.to_day >= 60 * r.block
  LEFT JOIN calendar_block c ON c.school_id = s.school_id AND c.school_year = s.school_year AND c.block = r.block
),
member AS (
  SELECT student_id, school_year, school_id,
         recorded & days AS recorded, absent & days AS absent, suspended & absent & days AS suspended,
         (unexcused & absent & days) - (unexcused & absent & days & suspended) AS unexcused,
         (late & days) - (late & days & absent) AS late, (part | absent) & days AS part
  FROM stay
),
bits AS (
  SELECT student_id, school_year, school_id,
         recorded - ((recorded >> 1) & 494109216260077275) - ((recorded >> 2) & 164703072086692425) AS recorded,
         absent - ((absent >> 1) & 494109216260077275) - ((absent >> 2) & 164703072086692425) AS absent,
         unexcused - ((unexcused >> 1) & 494109216260077275) - ((unexcused >> 2) & 164703072086692425) AS unexcused,
         suspended - ((suspended >> 1) & 494109216260077275) - ((suspended >> 2) & 164703072086692425) AS suspended,
         late - ((late >> 1) & 494109216260077275) - ((late >> 2) & 164703072086692425) AS late,
         part - ((part >> 1) & 494109216260077275) - ((part >> 2) & 164703072086692425) AS part
  FROM member
)
SELECT student_id, school_year, school_id,
       sum(((recorded + (recorded >> 3)) & 128102389400760775) % 63) AS recorded_days,
       sum(((absent + (absent >> 3)) & 128102389400760775) % 63) AS absent_days,
       sum(((unexcused + (unexcused >> 3)) & 128102389400760775) % 63) AS unexcused_days,
       sum(((suspended + (suspended >> 3)) & 128102389400760775) % 63) AS suspended_days,
       sum(((late + (late >> 3)) & 128102389400760775) % 63) AS late_days,
       sum(((part + (part >> 3)) & 128102389400760775) % 63) AS part_days
FROM bits
GROUP BY student_id, school_year, school_id
