-- Takes the export that has been due for longest. $1 the lease, $2 for how many seconds. What an attempt before has left is thrown away.
WITH due AS MATERIALIZED (
    SELECT id FROM export_job WHERE due_at <= now() ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE export_job j
    SET status = 'in-progress', lease = $1, due_at = now() + make_interval(secs => $2::double precision),
        attempt = j.attempt + 1, found = 0
    FROM due WHERE j.id = due.id
    RETURNING j.id, j.asked, j.everything, j.parties, j.attempt
), cleared AS (
    DELETE FROM export_part p USING taken t WHERE p.job = t.id
)
SELECT id, asked, everything, parties, attempt FROM taken
