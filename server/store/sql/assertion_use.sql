-- Notes that an assertion ($1) was used that is good until $2, and forgets a few of those that have ended. A row, if it was good.
WITH gone AS (
    DELETE FROM used_assertion WHERE key IN (
        SELECT key FROM used_assertion WHERE ends_at <= now() AND key <> $1 LIMIT 10 FOR UPDATE SKIP LOCKED
    )
)
INSERT INTO used_assertion (key, ends_at) VALUES ($1, $2)
ON CONFLICT (key) DO UPDATE SET ends_at = excluded.ends_at WHERE used_assertion.ends_at <= now()
RETURNING key
