-- Nothing was sent. $1 key, $2 lease
UPDATE subscription_state SET lease = NULL, due_at = now() + interval '1 second' WHERE key = $1 AND lease = $2
