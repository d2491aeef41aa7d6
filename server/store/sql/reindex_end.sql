-- A rebuilding ($1, by its lease $2) is over: $3 whether it failed, $4 how many were rebuilt.
UPDATE reindex_job SET due_at = NULL, lease = NULL, ended_at = now(), failed = $3, done = $4
WHERE id = $1 AND lease = $2 AND due_at IS NOT NULL
