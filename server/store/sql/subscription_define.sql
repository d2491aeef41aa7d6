-- A subscription as its client wants it from now on: it begins, or begins anew, with a handshake. Its numbers go on.
-- What was never accepted and is no longer kept is passed over; the numbers show the gap.
INSERT INTO subscription_state AS s (
    key, id, epoch, definition_seq, definition_version, listening, deleted, parties, status, reported, handshaken, due_at,
    error_code, error_text, host, heartbeat_s, timeout_s, max_count, ends_at, secret
)
VALUES (
    $1, $2, $3, $4, $5, $6, false, $7, $8, $9, false, CASE WHEN $8::text = 'requested' THEN now() END,
    $10, $11, $12, $13, $14, $15, $16, $17
)
ON CONFLICT (key) DO UPDATE SET
    id = excluded.id,
    epoch = excluded.epoch,
    definition_seq = excluded.definition_seq,
    definition_version = excluded.definition_version,
    listening = excluded.listening,
    acked_no = CASE
        WHEN s.deleted THEN s.last_no
        ELSE greatest(
            s.acked_no,
            coalesce((SELECT min(e.number) - 1 FROM subscription_event e WHERE e.subscription = s.key), s.last_no)
        )
    END,
    deleted = false,
    parties = excluded.parties,
    status = excluded.status,
    reported = excluded.reported,
    report_at = now(),
    handshaken = false,
    batch_to = NULL,
    due_at = excluded.due_at,
    lease = NULL,
    attempt = 0,
    first_fail_at = NULL,
    slow = false,
    error_code = excluded.error_code,
    error_text = excluded.error_text,
    host = excluded.host,
    heartbeat_s = excluded.heartbeat_s,
    timeout_s = excluded.timeout_s,
    max_count = excluded.max_count,
    ends_at = excluded.ends_at
