-- A new secret for a subscription ($1); the one before stays valid for a day.
UPDATE subscription_state
SET previous_secret = secret, previous_until = now() + interval '1 day', secret = $2
WHERE key = $1 AND NOT deleted
RETURNING key
