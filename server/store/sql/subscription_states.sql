-- $1: keys of Subscriptions
SELECT key, status, last_no, acked_no, attempt, error_code, error_text, last_sent_at, due_at
FROM subscription_state
WHERE key = ANY ($1::uuid[]) AND NOT deleted
