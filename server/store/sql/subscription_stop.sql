-- $1 key, $2 epoch, $3 whether it was deleted, $4 the version that stopped it. Whoever is sending finds its lease gone.
UPDATE subscription_state
SET epoch = $2, listening = false, deleted = $3, status = 'off', reported = 'off', handshaken = false, batch_to = NULL,
    due_at = NULL, lease = NULL, attempt = 0, first_fail_at = NULL, slow = false,
    definition_version = $4,
    -- An error is kept if it was the reason.
    error_code = CASE WHEN status = 'off' THEN error_code END,
    error_text = CASE WHEN status = 'off' THEN error_text END
WHERE key = $1
