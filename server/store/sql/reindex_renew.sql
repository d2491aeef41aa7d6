-- Goes on holding a rebuilding ($1) by its lease ($2), for so many seconds ($3).
UPDATE reindex_job SET due_at = now() + make_interval(secs => $3::double precision)
WHERE id = $1 AND lease = $2 AND due_at IS NOT NULL
