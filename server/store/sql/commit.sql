-- Writes a unit of work: one row of each array a change. It writes all of it, or nothing.
-- A change whose row is there already is written only when it follows that row's version ($3 is the version that it becomes):
-- the row lock serialises the versions of a resource, and seq is drawn after the lock, so seq orders them too.
-- The arrays are read by subscript: one unnest of nineteen arrays costs four times as much as the rest of this part.
-- What is closed (the statuses are those of ServiceRequest, Task and EpisodeOfCare) stays closed since it was, whatever else is written into it.
-- The parts of sql/commit/ that have rows to write or delete are put in the place of the first comment.
WITH input AS MATERIALIZED (
    SELECT
        ($1::uuid[])[n] AS key, ($2::smallint[])[n] AS resource_type, ($3::integer[])[n] AS version_id,
        ($4::text[])[n] AS id, ($5::text[])[n] AS operation, ($6::bytea[])[n] AS content, ($7::text[])[n] AS status,
        ($8::uuid[])[n] AS owner, ($9::uuid[])[n] AS patient, ($10::uuid[])[n] AS focus,
        ($11::bigint[])[n] AS date_low, ($12::bigint[])[n] AS date_high, ($13::text[])[n] AS keys,
        ($14::text[])[n] AS parties, ($15::smallint[])[n] AS confidentiality, ($16::text[])[n] AS client,
        ($17::text[])[n] AS subject, ($18::text[])[n] AS organization, ($19::text[])[n] AS request_id
    FROM generate_series(1, cardinality($1::uuid[])) AS n
), written AS (
    INSERT INTO resource AS r (
        key, resource_type, version_id, seq, deleted, last_updated, status, owner, patient, focus, date_low, date_high,
        keys, parties, confidentiality, closed_at
    )
    SELECT
        key, resource_type, version_id, nextval('version_seq'), operation = 'delete', clock_timestamp(), status, owner,
        patient, focus, date_low, date_high, keys::uuid[], parties::uuid[], confidentiality,
        CASE WHEN status IN ('cancelled', 'completed', 'entered-in-error', 'failed', 'finished', 'rejected', 'revoked')
            THEN clock_timestamp()
        END
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
        confidentiality = excluded.confidentiality,
        closed_at = CASE WHEN excluded.closed_at IS NOT NULL THEN coalesce(r.closed_at, excluded.closed_at) END
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
-- The division undoes the statement when some of the changes were written and others were not, and when something that they refer to
-- ($20) is deleted. Nobody deletes anything between that look and the end of the transaction: see the migration that makes `deletion`.
SELECT
    w.key, w.seq, w.last_updated,
    1 / (CASE
        WHEN (SELECT count(*) FROM written) <> cardinality($1::uuid[]) THEN 0
        WHEN EXISTS (SELECT FROM resource WHERE key = ANY ($20::uuid[]) AND deleted) THEN 0
        WHEN EXISTS (SELECT FROM deletion FOR KEY SHARE) THEN 0
        ELSE 1
    END)
FROM written w
