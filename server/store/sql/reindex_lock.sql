-- Those of these resources whose current version is still the one that was read. Until the transaction ends nobody writes them.
SELECT r.key
FROM resource r JOIN unnest($1::uuid[], $2::bigint[]) AS i (key, seq) ON r.key = i.key AND r.seq = i.seq
WHERE NOT r.deleted
ORDER BY r.key
FOR UPDATE OF r
