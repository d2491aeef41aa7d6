-- Ends the subscriptions whose time is over.
UPDATE subscription_state
SET status = 'off', due_at = NULL, lease = NULL, batch_to = NULL, report_at = now(),
    error_code = NULL, error_text = 'The end of the subscription has passed.'
WHERE key IN (
    SELECT key FROM subscription_state WHERE ends_at <= now() AND status <> 'off' LIMIT 100 FOR UPDATE SKIP LOCKED
)
