-- $1 identifier keys, $2 how many at most
SELECT DISTINCT source FROM identifier_index WHERE value = ANY($1::uuid[]) LIMIT $2
