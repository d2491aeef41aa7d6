-- $1: the locks, sorted
SELECT pg_advisory_xact_lock(lock) FROM unnest($1::bigint[]) AS lock
