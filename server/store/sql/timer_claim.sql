-- Takes resources whose time has come, for as long as a write may take: $1, in microseconds since 1970, is now, $2 how many at most.
WITH due AS MATERIALIZED (
    SELECT source FROM timer WHERE due <= $1 AND claimed_until <= now() ORDER BY due LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE timer t SET claimed_until = now() + interval '30 seconds' FROM due d WHERE t.source = d.source
RETURNING t.source, t.due
