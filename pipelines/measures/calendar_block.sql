-- measure: calendar_block
-- role: view
-- grain: free
-- unit: blocks of 60 days
-- about: The instructional days of each school, 60 days in the bits of one number.

-- Day `d` (counted from 1970-01-01) is bit `d % 60` of block `d / 60`. Sets of days can so be joined, cut and counted without a row for each
-- day. A day is instructional where one row of the calendar says so.
-- How many days a set `x` holds is counted in three steps (HAKMEM, item 169), wherever views count: `x - ((x >> 1) & 0333...) - ((x >> 2) & 0111...)` leaves
-- in each octal digit how many of its three bits were set, `(t + (t >> 3)) & 0707...` adds digits in pairs, and the remainder by 63 adds the pairs.
SELECT school_id, school_year, CAST(date AS INT) / 60 AS block,
       bit_or(CAST(1 AS BIGINT) << CAST(CAST(date AS INT) % 60 AS BIGINT)) AS days
FROM calendar_day
WHERE is_instructional
GROUP BY school_id, school_year, CAST(date AS INT) / 60
