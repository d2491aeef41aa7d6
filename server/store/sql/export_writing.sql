-- Of these transactions ($1): how many are still running, and how many of those have written something.
SELECT
    count(*) FILTER (WHERE locktype = 'virtualxid' AND virtualxid = virtualtransaction),
    count(*) FILTER (WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock')
FROM pg_locks
WHERE virtualtransaction = ANY($1::text[]) AND granted
