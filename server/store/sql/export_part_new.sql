-- A part of an export's files, as long as its lease is held. $1 job, $2 lease, $3 the seconds that prolong it.
WITH held AS (
    UPDATE export_job
    SET found = found + cardinality($8::bigint[]), due_at = now() + make_interval(secs => $3::double precision)
    WHERE id = $1 AND lease = $2
    RETURNING id
)
INSERT INTO export_part (job, number, resource_type, deleted, file, seqs)
SELECT id, $4, $5, $6, $7, $8::bigint[] FROM held
