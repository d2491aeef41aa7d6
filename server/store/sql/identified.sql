-- $1 identifier keys, $2 how many at most. The first that were made come first: whoever makes more of the same displaces none.
SELECT i.source FROM identifier_index i JOIN version v ON v.key = i.source AND v.version_id = 1
WHERE i.value = ANY($1::uuid[])
GROUP BY i.source
ORDER BY min(v.seq)
LIMIT $2
