-- $1 job, $2 lease, $3 for how many seconds from now
UPDATE export_job SET due_at = now() + make_interval(secs => $3::double precision) WHERE id = $1 AND lease = $2
