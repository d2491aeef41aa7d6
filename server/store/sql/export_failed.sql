-- $1 job, $2 lease, $3 why, $4 the seconds after which it is tried again (null: never)
UPDATE export_job
SET status = CASE WHEN $4::double precision IS NULL THEN 'failed' ELSE status END,
    error = $3, lease = NULL, due_at = now() + make_interval(secs => $4::double precision)
WHERE id = $1 AND lease = $2
