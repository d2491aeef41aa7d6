-- What was sent was not accepted. $1 key, $2 lease, $3 status from now on, $4 seconds to the next attempt (null: none),
-- $5 and $6 the error, $7 whether it timed out, $8 whether the next attempt sends one event alone
UPDATE subscription_state s
SET status = $3,
    report_at = CASE WHEN s.status = $3 THEN s.report_at ELSE now() END,
    attempt = s.attempt + 1,
    first_fail_at = coalesce(s.first_fail_at, now()),
    slow = $7,
    lease = NULL,
    error_code = $5,
    error_text = $6,
    batch_to = CASE WHEN $8 AND s.batch_to IS NOT NULL THEN s.acked_no + 1 ELSE s.batch_to END,
    due_at = now() + make_interval(secs => $4::double precision)
WHERE s.key = $1 AND s.lease = $2
