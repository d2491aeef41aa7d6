-- Writes a unit of work: one row of each array a change. It writes all of it, or nothing.
-- A change whose row is there already is written only when it follows that row's version ($3 is the version that it becomes):
-- the row lock serialises the versions of a resource, and seq is drawn after the lock, so seq orders them too.
-- The parts of sql/commit/ that have rows to write or delete are put in the place of the first comment.
WITH input AS MATERIALIZED (
    SELECT *
    FROM unnest(
        $1::uuid[], $2::smallint[], $3::integer[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::uuid[], $9::uuid[],
        $10::uuid[], $11::bigint[], $12::bigint[], $13::text[], $14::text[], $15::smallint[],
        $16::text[], $17::text[], $18::text[], $19::text[]
    ) AS i (
        key, resource_type, version_id, id, operation, content, status, owner, patient,
        focus, date_low, date_high, keys, parties, confidentiality,
        client, subject, organization, request_id
    )
), written AS (
    INSERT INTO resource AS r (
        key, resource_type, version_id, seq, deleted, last_updated, status, owner, patient, focus, date_low, date_high,
        keys, parties, confidentiality
    )
    SELECT
        key, resource_type, version_id, nextval('version_seq'), operation = 'delete', clock_timestamp(), status, owner,
        patient, focus, date_low, date_high, keys::uuid[], parties::uuid[], confidentiality
    FROM input
    ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
        version_id = excluded.version_id,
        seq = nextval('version_seq'),
        deleted = excluded.deleted,
        last_updated = greatest(clock_timestamp(), r.last_updated + interval '1 millisecond'),
        status = excluded.status,
        owner = excluded.owner,
        patient = excluded.patient,
        focus = excluded.focus,
        date_low = excluded.date_low,
        date_high = excluded.date_high,
        keys = excluded.keys,
        parties = excluded.parties,
        confidentiality = excluded.confidentiality
    WHERE r.version_id + 1 = excluded.version_id
    RETURNING r.key, r.seq, r.last_updated
)/* index rows */, versions AS (
    INSERT INTO version (
        seq, key, version_id, resource_type, id, operation, last_updated, dictionary, content, patient, parties, confidentiality
    )
    SELECT
        w.seq, i.key, i.version_id, i.resource_type, i.id, i.operation, w.last_updated, 0, i.content, i.patient,
        i.parties::uuid[], i.confidentiality
    FROM written w JOIN input i USING (key)
), audited AS (
    INSERT INTO audit (at, client, subject, organization, operation, resource_type, key, version_id, request_id)
    SELECT w.last_updated, i.client, i.subject, i.organization, i.operation, i.resource_type, i.key, i.version_id, i.request_id
    FROM written w JOIN input i USING (key)
), queued AS (
    INSERT INTO change_queue (seq, key, version_id, resource_type)
    SELECT w.seq, i.key, i.version_id, i.resource_type FROM written w JOIN input i USING (key)
)
-- The division undoes the statement when some of the changes were written and others were not.
SELECT w.key, w.seq, w.last_updated, 1 / (CASE WHEN (SELECT count(*) FROM written) = cardinality($1) THEN 1 ELSE 0 END)
FROM written w
