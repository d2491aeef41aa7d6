-- $1 name, $2 the bytes to be used when there are none yet
WITH made AS (
    INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING value
)
SELECT value FROM made
