-- $1: whether a status that is not yet in its resource counts as work
SELECT NOT EXISTS (SELECT FROM change_queue)
    AND NOT EXISTS (SELECT FROM subscription_state WHERE due_at <= now())
    AND NOT EXISTS (SELECT FROM subscription_state WHERE due_at > now() AND lease IS NOT NULL)
    AND NOT ($1 AND EXISTS (SELECT FROM subscription_state WHERE status <> reported AND NOT deleted))
