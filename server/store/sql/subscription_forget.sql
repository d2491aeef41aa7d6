-- Deletes a portion of the events that are older than $1 days. One that was not accepted yet ends its subscription, visibly.
WITH old AS MATERIALIZED (
    SELECT subscription, number FROM subscription_event WHERE at < now() - make_interval(days => $1::integer) LIMIT 10000
), behind AS (
    UPDATE subscription_state s
    SET status = 'off', due_at = NULL, lease = NULL, batch_to = NULL, report_at = now(), error_code = 'no-response',
        error_text = 'Events that were not accepted are no longer kept.'
    WHERE s.status <> 'off' AND EXISTS (SELECT FROM old o WHERE o.subscription = s.key AND o.number > s.acked_no)
)
DELETE FROM subscription_event e USING old o WHERE e.subscription = o.subscription AND e.number = o.number
