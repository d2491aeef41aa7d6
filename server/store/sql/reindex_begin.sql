-- A rebuilding from the beginning, unless one is under way; the id of either. $1 its id, $2 to $5 who asks. Others who ask wait for the
-- lock that is taken before.
WITH under_way AS (
    SELECT id FROM reindex_job WHERE due_at IS NOT NULL
), begun AS (
    INSERT INTO reindex_job (id, resources, due_at)
    SELECT $1, (SELECT count(*) FROM resource WHERE NOT deleted), now() WHERE NOT EXISTS (SELECT FROM under_way)
    RETURNING id, begun_at
), cleared AS (
    DELETE FROM reindex WHERE EXISTS (SELECT FROM begun)
), forgotten AS (
    DELETE FROM reindex_job WHERE ended_at < now() - interval '7 days'
), audited AS (
    INSERT INTO audit (at, client, subject, organization, operation, key, request_id)
    SELECT begun_at, $2, $3, $4, 'reindex', id, $5 FROM begun
)
SELECT id FROM begun UNION ALL SELECT id FROM under_way
