-- A new export, unless its owner ($2) has $8 that are not over. $1 id, $3 what was asked for, $4 and $5 what its owner may read,
-- $6 for how many hours it is kept, $7 the type that it is of (null: the whole system), $9 its subject, $10 to $13 who asks.
-- Its owner's others wait for the lock that is taken before.
WITH begun AS (
    INSERT INTO export_job (id, owner, asked, everything, parties, status, due_at, expires_at)
    SELECT $1, $2, $3, $4, $5, 'accepted', now(), now() + make_interval(hours => $6)
    WHERE (SELECT count(*) FROM export_job WHERE owner = $2 AND due_at IS NOT NULL) < $8::bigint
    RETURNING begun_at
), audited AS (
    INSERT INTO audit (at, client, subject, organization, operation, resource_type, key, request_id)
    SELECT begun_at, $10, $11, $12, 'export', $7, $9, $13 FROM begun
)
SELECT begun_at FROM begun
