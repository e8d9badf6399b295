-- measure: attendance_count
-- role: view
-- grain: student
-- unit: days
-- about: Days of each kind that the attendance export holds of a student and school year, on days of membership or not.

-- `attendance_year` has what counts. What is in none of the other counts than `recorded_days` was plain presence. Sets of days: see `calendar_block`.
WITH block AS (
  SELECT student_id, school_year, recorded, absent, unexcused, suspended, late FROM attendance_days
  UNION ALL
  SELECT student_id, school_year, recorded, half, unexcused & half, suspended & half, late FROM attendance_periods
),
apart AS (
  SELECT student_id, school_year, recorded, absent, suspended,
         unexcused - (unexcused & suspended) AS unexcused, late - (late & absent) AS late
  FROM block
),
bits AS (
  SELECT student_id, school_year,
         recorded - ((recorded >> 1) & 494109216260077275) - ((recorded >> 2) & 164703072086692425) AS recorded,
         absent - ((absent >> 1) & 494109216260077275) - ((absent >> 2) & 164703072086692425) AS absent,
         unexcused - ((unexcused >> 1) & 494109216260077275) - ((unexcused >> 2) & 164703072086692425) AS unexcused,
         suspended - ((suspended >> 1) & 494109216260077275) - ((suspended >> 2) & 164703072086692425) AS suspended,
         late - ((late >> 1) & 494109216260077275) - ((late >> 2) & 164703072086692425) AS late
  FROM apart
)
SELECT student_id, school_year,
       sum(((recorded + (recorded >> 3)) & 128102389400760775) % 63) AS recorded_days,
       sum(((absent + (absent >> 3)) & 128102389400760775) % 63) AS absent_days,
       sum(((unexcused + (unexcused >> 3)) & 128102389400760775) % 63) AS unexcused_days,
       sum(((suspended + (suspended >> 3)) & 128102389400760775) % 63) AS suspended_days,
       sum(((late + (late >> 3)) & 128102389400760775) % 63) AS late_days
FROM bits
GROUP BY student_id, school_year
