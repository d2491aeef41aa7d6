-- The next part of a file. $1 job, $2 type, $3 whether of deletions, $4 file, $5 the part before
SELECT number, seqs
FROM export_part
WHERE job = $1 AND resource_type = $2 AND deleted = $3 AND file = $4 AND number > $5
ORDER BY number
LIMIT 1
