-- Numbers the events of a batch of changes and takes the changes out of the queue.
-- $1 and $2: subscription and change of each match, in no order. $3: whether subscriptions see everything.
-- $4: the changes that are done with. $5 and $6: those that could not be done, and why.
WITH match AS (
    SELECT s.key, s.last_no, v.seq
    FROM unnest($1::uuid[], $2::bigint[]) AS m (subscription, seq)
    JOIN subscription_state s ON s.key = m.subscription
    JOIN version v ON v.seq = m.seq
    WHERE $3 OR {visible}
), event AS (
    INSERT INTO subscription_event (subscription, number, seq, at)
    SELECT key, last_no + row_number() OVER (PARTITION BY key ORDER BY seq), seq, now() FROM match
    RETURNING subscription
), counted AS (
    SELECT subscription, count(*) AS events FROM event GROUP BY subscription
), bumped AS (
    UPDATE subscription_state s
    SET last_no = s.last_no + c.events,
        -- One that is being sent to, or is waiting after a failure, has its time already.
        due_at = CASE WHEN s.status = 'active' AND s.attempt = 0 AND s.lease IS NULL THEN now() ELSE s.due_at END
    FROM counted c
    WHERE s.key = c.subscription
), dead AS (
    INSERT INTO change_dead (seq, key, version_id, resource_type, error)
    SELECT q.seq, q.key, q.version_id, q.resource_type, d.error
    FROM unnest($5::bigint[], $6::text[]) AS d (seq, error) JOIN change_queue q ON q.seq = d.seq
), taken AS (
    DELETE FROM change_queue WHERE seq = ANY($4::bigint[]) OR seq = ANY($5::bigint[])
)
SELECT count(*) FROM event
