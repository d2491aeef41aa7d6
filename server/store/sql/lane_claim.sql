-- Takes subscriptions that something is to be sent to, and leases them to the caller.
-- $1: those whose last attempt timed out, or the others. $2: hosts that have enough requests in flight. $3: how many at most.
-- $4 and $5: how many requests each host has in flight. $6: how many it may have. $7: the lease. $8: for how many seconds.
WITH due AS MATERIALIZED (
    SELECT key, host, due_at
    FROM subscription_state
    WHERE due_at <= now() AND slow = $1 AND host <> ALL ($2::text[])
    ORDER BY due_at
    LIMIT $3::bigint * 4
    FOR UPDATE SKIP LOCKED
), ranked AS (
    SELECT d.key, d.due_at, row_number() OVER (PARTITION BY d.host ORDER BY d.due_at) + coalesce(f.requests, 0) AS place
    FROM due d LEFT JOIN unnest($4::text[], $5::integer[]) AS f (host, requests) ON f.host = d.host
), chosen AS (
    SELECT key FROM ranked WHERE place <= $6::integer ORDER BY due_at LIMIT $3::bigint
)
UPDATE subscription_state s
SET lease = $7,
    due_at = now() + make_interval(secs => $8::double precision),
    batch_to = CASE
        WHEN s.handshaken AND s.acked_no < s.last_no THEN coalesce(s.batch_to, least(s.last_no, s.acked_no + s.max_count))
    END
FROM chosen c, version v
WHERE s.key = c.key AND v.seq = s.definition_seq
RETURNING
    s.key, s.id, s.status, s.handshaken, s.last_no, s.acked_no, s.batch_to, s.attempt,
    coalesce(extract(epoch FROM now() - s.first_fail_at), 0)::double precision, s.parties, s.host, s.timeout_s,
    s.definition_version, s.secret, CASE WHEN s.previous_until > now() THEN s.previous_secret END, {columns}
