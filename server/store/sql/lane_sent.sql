-- What was sent was accepted. $1 key, $2 lease, $3 the highest number that was in it (null: none).
-- Losing this in a crash of the database repeats one notification, so that it need not wait for the disk.
WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
UPDATE subscription_state s
SET acked_no = coalesce($3, s.acked_no),
    batch_to = NULL,
    handshaken = true,
    status = 'active',
    report_at = CASE WHEN s.status = 'active' THEN s.report_at ELSE now() END,
    attempt = 0,
    first_fail_at = NULL,
    slow = false,
    lease = NULL,
    error_code = NULL,
    error_text = NULL,
    last_sent_at = now(),
    due_at = CASE
        WHEN coalesce($3, s.acked_no) < s.last_no THEN now()
        -- Somewhat early, so that not all heartbeats of a minute come in one second.
        ELSE now() + make_interval(secs => s.heartbeat_s * (0.9 + random() * 0.1))
    END
FROM relaxed
WHERE s.key = $1 AND s.lease = $2
RETURNING s.due_at <= now()
