-- By status: how many Subscriptions, how many events they have not accepted, and for how many seconds the oldest of these waits
SELECT s.status, count(*), coalesce(sum(s.last_no - s.acked_no), 0)::bigint,
    coalesce(max(extract(epoch FROM now() - e.at)), 0)::double precision
FROM subscription_state s
LEFT JOIN subscription_event e ON s.acked_no < s.last_no AND e.subscription = s.key AND e.number = s.acked_no + 1
WHERE NOT s.deleted
GROUP BY s.status
ORDER BY s.status
