-- The files of an export ($1): of which type, whether of deletions, the number among those, how many lines, how many parts
SELECT resource_type, deleted, file, sum(cardinality(seqs))::bigint, count(*)
FROM export_part
WHERE job = $1
GROUP BY resource_type, deleted, file
ORDER BY deleted, resource_type, file
