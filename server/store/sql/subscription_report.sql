-- The subscriptions whose resource does not say their status yet, each told to one process at a time.
UPDATE subscription_state
SET report_at = now() + interval '10 seconds'
WHERE key IN (
    SELECT key FROM subscription_state
    WHERE status <> reported AND NOT deleted AND report_at <= now()
    LIMIT 100
    FOR UPDATE SKIP LOCKED
)
RETURNING id, status, error_text, definition_version
