-- measure: link_rate
-- role: view
-- grain: free
-- unit: rows
-- about: How many rows found their partner at each hop from student to training.

SELECT position, hop, CAST(sum(linked) AS BIGINT) AS linked, CAST(sum(total) AS BIGINT) AS total
FROM link_count
GROUP BY position, hop
ORDER BY position
