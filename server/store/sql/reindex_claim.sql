-- Takes the rebuilding that is due. $1 the lease, $2 for how many seconds.
UPDATE reindex_job
SET lease = $1, due_at = now() + make_interval(secs => $2::double precision), attempt = attempt + 1
WHERE due_at <= now()
RETURNING id, attempt
