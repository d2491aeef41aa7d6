-- The transactions that are writing versions now, but for this one, and the time that they began ($1: only of these; null: of all).
-- Whoever writes a version locks its table first, and gives it its time after that. Who is not ours to ask may have begun long ago.
SELECT l.virtualtransaction, coalesce(a.xact_start, clock_timestamp() - interval '5 minutes')
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.relation = 'version'::regclass AND l.mode = 'RowExclusiveLock' AND l.granted
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.pid <> pg_backend_pid() AND ($1::text[] IS NULL OR l.virtualtransaction = ANY($1::text[]))
    AND (a.xact_start IS NOT NULL OR a.query = '<insufficient privilege>')
