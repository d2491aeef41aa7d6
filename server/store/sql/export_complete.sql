-- $1 job, $2 lease, $3 what was committed until then is in it, $4 for how many hours it is kept
UPDATE export_job
SET status = 'complete', transaction_time = $3, lease = NULL, due_at = NULL, expires_at = now() + make_interval(hours => $4)
WHERE id = $1 AND lease = $2
