-- Writes what these resources are found by; who may read them, and their versions, stay as they are. The parts of sql/commit/ that
-- have rows to write are put in the place of the second comment.
WITH input AS MATERIALIZED (
    SELECT *
    FROM unnest(
        $1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[], $7::bigint[], $8::text[]
    ) AS i (key, status, owner, patient, focus, date_low, date_high, keys)
), written AS (
    UPDATE resource r
    SET status = i.status, owner = i.owner, patient = i.patient, focus = i.focus, date_low = i.date_low, date_high = i.date_high,
        keys = i.keys::uuid[]
    FROM input i
    WHERE r.key = i.key
    RETURNING r.key
)/* index rows */
SELECT count(*) FROM written
