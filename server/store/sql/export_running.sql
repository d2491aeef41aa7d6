-- The transactions of this database that are running now, but for this one.
SELECT l.virtualtransaction
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'virtualxid' AND l.granted AND l.virtualxid = l.virtualtransaction
    AND a.datname = current_database() AND l.pid <> pg_backend_pid()
